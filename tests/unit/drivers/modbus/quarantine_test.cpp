#include "drivers/modbus/quarantine.hpp"

#include <gtest/gtest.h>

namespace sitepower::modbus::quarantine_test {
namespace {

using namespace std::chrono_literals;

constexpr SteadySpan window = 600ms;
constexpr Question question{.unit = 1, .table = Table::holding, .address = 0, .count = 10};
constexpr AnswerShape ten{3, 20};
constexpr AnswerShape eleven{3, 22};

SteadyTime at(SteadySpan span) {
    return SteadyTime(span);
}

int chosen(const Quarantine& quarantine, SteadyTime now, std::uint16_t longest = 125) {
    const auto choice = quarantine.choose(question, longest, now);
    return choice ? choice->count : 0;
}

TEST(Quarantine, NothingInDoubtIsAskedAsItIs) {
    const Quarantine quarantine(window);
    EXPECT_EQ(chosen(quarantine, at(1s)), 10);
    EXPECT_FALSE(quarantine.expects_late(at(1s)));
}

TEST(Quarantine, AfterATimeOutMoreIsRead) {
    Quarantine quarantine(window);
    quarantine.suspect_late(ten, at(1s));
    EXPECT_TRUE(quarantine.expects_late(at(1100ms)));
    EXPECT_EQ(chosen(quarantine, at(1100ms)), 11);
    EXPECT_TRUE(quarantine.choose(question, 125, at(1100ms))->covers);
}

TEST(Quarantine, EndsWhenAnotherCountWasAnsweredAndTheWindowHasPassed) {
    Quarantine quarantine(window);
    quarantine.suspect_late(ten, at(1s));
    quarantine.answered(eleven, at(1100ms));
    EXPECT_EQ(chosen(quarantine, at(1200ms)), 11) << "the late answer may still come";
    EXPECT_EQ(chosen(quarantine, at(1600ms)), 10);
}

TEST(Quarantine, TheWindowAloneIsNotEnoughWhereAnotherCountCanBeAsked) {
    Quarantine quarantine(window);
    quarantine.suspect_late(ten, at(1s));
    EXPECT_EQ(chosen(quarantine, at(100s)), 11);
}

TEST(Quarantine, EachFurtherTimeOutNeedsAnotherCount) {
    Quarantine quarantine(window);
    for (const int count : {10, 11, 12, 13, 14, 15, 16, 17}) {
        EXPECT_EQ(chosen(quarantine, at(1s)), count);
        quarantine.suspect_late({3, static_cast<std::uint16_t>(2 * count)}, at(1s));
    }
    const auto probe = quarantine.choose(question, 125, at(1s));
    ASSERT_TRUE(probe);
    EXPECT_EQ(probe->count, 9);
    EXPECT_FALSE(probe->covers);
    quarantine.suspect_late({3, 18}, at(1s));
    EXPECT_FALSE(quarantine.choose(question, 125, at(1s)));
    EXPECT_EQ(quarantine.allowed_at(question, 125, at(1s)), at(1600ms));
    EXPECT_EQ(chosen(quarantine, at(1600ms)), 10) << "nothing can come any more";
}

TEST(Quarantine, WhereTheReadCannotBeLongerAShorterOneProbes) {
    Quarantine quarantine(window);
    quarantine.suspect_late(ten, at(1s));
    const auto probe = quarantine.choose(question, 10, at(1s));
    ASSERT_TRUE(probe);
    EXPECT_EQ(probe->count, 9);
    EXPECT_FALSE(probe->covers);
    quarantine.answered({3, 18}, at(1100ms));
    EXPECT_FALSE(quarantine.choose(question, 10, at(1200ms))) << "one probe is enough";
    EXPECT_EQ(quarantine.allowed_at(question, 10, at(1200ms)), at(1600ms));
    EXPECT_EQ(chosen(quarantine, at(1600ms), 10), 10);
}

TEST(Quarantine, ASingleRegisterAtTheEndOfTheMapWaitsForTheWindow) {
    Quarantine quarantine(window);
    const Question single{.unit = 1, .address = 65535, .count = 1};
    quarantine.suspect_late({3, 2}, at(1s));
    EXPECT_FALSE(quarantine.choose(single, 1, at(1500ms)));
    EXPECT_EQ(quarantine.choose(single, 1, at(1600ms))->count, 1);
}

TEST(Quarantine, OtherFunctionsAndCountsAreNotInDoubt) {
    Quarantine quarantine(window);
    quarantine.suspect_late({4, 20}, at(1s));
    quarantine.suspect_late({3, 40}, at(1s));
    EXPECT_EQ(chosen(quarantine, at(1s)), 10);
}

TEST(Quarantine, BitsAreLengthenedByWholeBytes) {
    Quarantine quarantine(window);
    const Question coils{.unit = 1, .table = Table::coil, .address = 0, .count = 5};
    quarantine.suspect_late(shape_of(coils), at(1s));
    EXPECT_EQ(quarantine.choose(coils, 2000, at(1s))->count, 13);
}

TEST(Quarantine, ADeviceThatRepeatsIsReadInTurnsOfSeveralCounts) {
    Quarantine quarantine(window);
    auto now = at(1s);
    std::vector<int> counts;
    for (int i = 0; i < 6; ++i) {
        const int count = chosen(quarantine, now);
        counts.push_back(count);
        const AnswerShape shape{3, static_cast<std::uint16_t>(2 * count)};
        quarantine.answered(shape, now);
        quarantine.suspect_repeat(shape, now);
        now += 400ms;
    }
    EXPECT_EQ(counts, (std::vector{10, 11, 10, 11, 10, 11}));
    for (int i = 0; i < 8; ++i) {
        const int count = chosen(quarantine, now);
        const AnswerShape shape{3, static_cast<std::uint16_t>(2 * count)};
        quarantine.answered(shape, now);
        quarantine.suspect_repeat(shape, now);
    }
    EXPECT_EQ(chosen(quarantine, now), 0) << "asked faster than its repeats could be told apart";
    EXPECT_FALSE(quarantine.expects_late(now)) << "this is its normal life";
}

TEST(Quarantine, ALateDoubtIsNotForgottenForARepeatedOne) {
    Quarantine quarantine(window);
    quarantine.suspect_late(ten, at(1s));
    quarantine.suspect_repeat(ten, at(1100ms));
    quarantine.answered(eleven, at(1200ms));
    EXPECT_EQ(chosen(quarantine, at(1300ms)), 11);
}

// No other length tells two of its answers apart: it waits.
TEST(Quarantine, AnIdentificationInDoubtWaitsForTheWindow) {
    const Question identity{.count = identity_words, .identity = IdentityObject{0x87, 0x88}};
    Quarantine quarantine(window);
    quarantine.suspect_late(shape_of(identity), at(1s));
    EXPECT_FALSE(quarantine.choose(identity, 200, at(1500ms)));
    EXPECT_EQ(quarantine.allowed_at(identity, 200, at(1500ms)), at(1s) + window);
    EXPECT_EQ(quarantine.choose(identity, 200, at(1s) + window)->count, identity_words);
    EXPECT_EQ(chosen(quarantine, at(1500ms)), 10) << "registers are read on";
}

TEST(Quarantine, AtItsLimitTheUnitRests) {
    Quarantine quarantine(window);
    for (std::uint16_t i = 0; i < Quarantine::capacity; ++i) {
        quarantine.suspect_late({3, static_cast<std::uint16_t>(100 + 2 * i)}, at(1s));
    }
    EXPECT_EQ(chosen(quarantine, at(1s)), 10);
    quarantine.suspect_late(ten, at(1s));
    EXPECT_EQ(chosen(quarantine, at(1500ms)), 0);
    EXPECT_EQ(quarantine.allowed_at(question, 125, at(1500ms)), at(1600ms));
    EXPECT_TRUE(quarantine.expects_late(at(1500ms)));
    EXPECT_EQ(chosen(quarantine, at(1600ms)), 10);
}

}  // namespace
}  // namespace sitepower::modbus::quarantine_test
