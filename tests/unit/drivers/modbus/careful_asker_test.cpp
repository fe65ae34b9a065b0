#include "drivers/modbus/careful_asker.hpp"

#include <gtest/gtest.h>

#include <deque>

namespace sitepower::modbus::careful_asker_test {
namespace {

using namespace std::chrono_literals;

// Answers from a script; says what stray bytes it saw.
class ScriptedLink : public Link {
  public:
    struct Step {
        Answer answer;
        std::vector<Stray> strays = {};
    };

    Status open(SteadySpan /*timeout*/) override { return Done{}; }
    bool is_open() const override { return true; }
    void close() override {}
    Answer read(const Question& question, SteadySpan /*timeout*/,
                std::span<std::uint16_t> /*words*/) override {
        asked.push_back(question);
        if (script.empty()) return {.kind = AnswerKind::data};
        const auto step = script.front();
        script.pop_front();
        strays_ = step.strays;
        return step.answer;
    }
    Answer write(const WriteRequest& /*request*/, SteadySpan /*timeout*/) override {
        return {.kind = AnswerKind::data};
    }
    std::span<const Stray> strays() const override { return strays_; }

    std::deque<Step> script;
    std::vector<Question> asked;

  private:
    std::vector<Stray> strays_;
};

constexpr Answer silence{.kind = AnswerKind::timeout};
constexpr Answer data{.kind = AnswerKind::data};
constexpr Answer refusal{.kind = AnswerKind::exception, .exception = 0x02};

struct Fixture : testing::Test {
    ScriptedLink link;
    CarefulAsker asker;
    std::vector<std::uint16_t> words = std::vector<std::uint16_t>(200);
    ReadPlan plan = plan_of(1, 100, 10);
    ReadPlan other_unit = plan_of(2, 100, 10);

    Fixture() {
        for (const int unit : {1, 2}) asker.add_unit(unit, {.late_window = 60s});
    }

    static ReadPlan plan_of(std::uint8_t unit, std::uint16_t address, std::uint16_t count) {
        ReadPlan made;
        made.question = {unit, Table::holding, address, count};
        made.longest = 125;
        return made;
    }
    Asker::Reply ask(ReadPlan& which) {
        return asker.ask(
            which, link, [this](const Question& question) { return link.read(question, 1s, words); }, words);
    }
    int last_count() const { return link.asked.back().count; }
};

using CarefulAskerTest = Fixture;

TEST_F(CarefulAskerTest, AsksAsPlannedWhileAllIsWell) {
    EXPECT_TRUE(ask(plan).answer.good());
    EXPECT_TRUE(ask(plan).answer.good());
    EXPECT_EQ(last_count(), 10);
    EXPECT_EQ(asker.quarantines(), 0U);
}

TEST_F(CarefulAskerTest, ATimeOutBadFrameOrLossLengthensTheNextRead) {
    for (const auto kind : {AnswerKind::timeout, AnswerKind::bad_frame, AnswerKind::lost}) {
        CarefulAsker fresh;
        fresh.add_unit(1, {.late_window = 60s});
        asker = fresh;
        link.script = {{{.kind = kind}}};
        EXPECT_EQ(ask(plan).answer.kind, kind);
        EXPECT_EQ(asker.quarantines(), 1U);
        EXPECT_TRUE(ask(plan).answer.good());
        EXPECT_EQ(last_count(), 11);
    }
}

TEST_F(CarefulAskerTest, OtherUnitsGoOnAsTheyWere) {
    link.script = {{silence}};
    ask(plan);
    ask(other_unit);
    EXPECT_EQ(last_count(), 10);
}

TEST_F(CarefulAskerTest, AStrayFrameQuarantinesTheUnitItNames) {
    link.script = {{data, {{.unit = 2, .function = 3, .byte_count = 20}}}};
    ask(plan);
    ask(plan);
    EXPECT_EQ(last_count(), 10);
    ask(other_unit);
    EXPECT_EQ(last_count(), 11);
}

TEST_F(CarefulAskerTest, SaysThatMoreCameThanWasAskedFor) {
    EXPECT_FALSE(ask(plan).more_came);
    link.script = {{data, {{.unit = 1, .function = 3, .byte_count = 20}}}, {data}};
    EXPECT_TRUE(ask(plan).more_came);
    EXPECT_FALSE(ask(other_unit).more_came);
}

TEST_F(CarefulAskerTest, BytesOfNobodyQuarantineEveryUnitThatWasAsked) {
    ask(other_unit);
    link.script = {{data, {{}}}};
    ask(plan);
    ask(plan);
    EXPECT_EQ(last_count(), 11);
    ask(other_unit);
    EXPECT_EQ(last_count(), 11);
}

TEST_F(CarefulAskerTest, AnUnknownUnitCountsAsNobody) {
    link.script = {{data, {{.unit = 99, .function = 3, .byte_count = 20}}}};
    ask(plan);
    ask(plan);
    EXPECT_EQ(last_count(), 11);
}

TEST_F(CarefulAskerTest, LearnsThatADeviceRepeatsItsAnswers) {
    ask(plan);
    link.script = {{data, {{.unit = 1, .function = 3, .byte_count = 20}}}};
    ask(plan);
    std::vector<int> counts;
    for (int i = 0; i < 3; ++i) {
        ask(plan);
        counts.push_back(last_count());
    }
    EXPECT_EQ(counts, (std::vector{11, 12, 13})) << "none twice within the window";
}

TEST_F(CarefulAskerTest, WhereTheMapEndsTheReadIsNotLengthenedTwice) {
    link.script = {{silence}, {refusal}};
    ask(plan);
    const auto reply = ask(plan);
    EXPECT_EQ(reply.answer.kind, AnswerKind::postponed) << "not a refusal of what was wanted";
    EXPECT_EQ(plan.longest, 10) << "one less than was refused";
    ask(plan);
    EXPECT_EQ(last_count(), 9) << "a shorter read ends the doubt";
    EXPECT_EQ(link.asked.size(), 3U);
}

// A read of another length would make the device go on.
TEST_F(CarefulAskerTest, WhatMakesTheDeviceGoOnIsAskedAsItStandsOrNotAtAll) {
    plan.moves_on = true;
    EXPECT_TRUE(ask(plan).answer.good());
    link.script = {{silence}};
    ask(plan);
    EXPECT_EQ(ask(plan).answer.kind, AnswerKind::refused);
    EXPECT_EQ(link.asked.size(), 2U);
}

TEST_F(CarefulAskerTest, ARefusalThatMayBeLateIsNotBelieved) {
    auto third = plan_of(1, 300, 20);
    link.script = {{silence}, {refusal}, {refusal}};
    ask(plan);
    EXPECT_EQ(ask(third).answer.kind, AnswerKind::postponed);
    EXPECT_EQ(third.longest, 125);
    // It may have been the answer to the first question; then the answer to this one is still to come.
    ask(third);
    EXPECT_EQ(last_count(), 21);
}

TEST_F(CarefulAskerTest, ARefusalThatIsRepeatedIsBelieved) {
    auto third = plan_of(1, 300, 20);
    third.longest = 20;
    link.script = {{silence}, {refusal}, {refusal}};
    ask(plan);
    EXPECT_EQ(ask(third).answer.kind, AnswerKind::postponed);
    EXPECT_EQ(ask(third).answer.kind, AnswerKind::exception);
}

TEST_F(CarefulAskerTest, ARefusalInQuietTimesIsBelieved) {
    link.script = {{refusal}};
    EXPECT_EQ(ask(plan).answer.kind, AnswerKind::exception);
}

TEST_F(CarefulAskerTest, NothingIsAskedWhileNoCountIsFree) {
    plan.longest = 10;
    plan.question.count = 1;
    plan.longest = 1;
    link.script = {{silence}};
    ask(plan);
    const auto reply = ask(plan);
    EXPECT_EQ(reply.answer.kind, AnswerKind::postponed);
    EXPECT_GT(reply.postponed_to, steady_now() + 50s);
    EXPECT_EQ(link.asked.size(), 1U);
}

TEST_F(CarefulAskerTest, TheBroadcastAddressIsNotRead) {
    auto broadcast = plan_of(0, 0, 1);
    EXPECT_EQ(ask(broadcast).answer.kind, AnswerKind::refused);
    EXPECT_TRUE(link.asked.empty());
}

}  // namespace
}  // namespace sitepower::modbus::careful_asker_test
