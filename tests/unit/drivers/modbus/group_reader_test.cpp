#include "drivers/modbus/group_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <numeric>
#include <set>
#include <stdexcept>

#include "tests/support/modbus_plans.hpp"

namespace sitepower::modbus::group_reader_test {
namespace {

using namespace std::chrono_literals;
using support::word_unit;

SteadyTime at(SteadySpan span) {
    return SteadyTime(span);
}

// A device whose registers hold their own address.
class FakeAsker : public Asker {
  public:
    Reply ask(ReadPlan& plan) override {
        asked.push_back(plan.question);
        const auto answer = manners(plan.question);
        words_.resize(plan.question.count);
        std::iota(words_.begin(), words_.end(), plan.question.address);
        return {.answer = answer, .words = words_, .postponed_to = postponed_to};
    }
    void stamp(Frame& frame) override { frame.time = from_ms(77); }

    // Refuses every request that touches one of `bad`.
    void refuse(std::set<int> bad) {
        manners = [bad = std::move(bad)](const Question& question) {
            for (int i = 0; i < question.count; ++i) {
                if (bad.contains(question.address + i)) {
                    return Answer{.kind = AnswerKind::exception, .exception = 0x02};
                }
            }
            return Answer{.kind = AnswerKind::data};
        };
    }

    std::function<Answer(const Question&)> manners = [](const Question&) {
        return Answer{.kind = AnswerKind::data};
    };
    std::vector<Question> asked;
    SteadyTime postponed_to{};

  private:
    std::vector<std::uint16_t> words_;
};

// 30 registers from 100 on, in requests of ten.
UnitPlan thirty_registers() {
    auto unit = word_unit(1, 1s, 100, 30);
    unit.limits.max_registers = 10;
    return unit;
}

struct Fixture : testing::Test {
    FakeAsker asker;
    UnitPlan unit = thirty_registers();
    GroupReader reader{unit, unit.groups[0]};

    std::size_t asked_by_read(SteadyTime now, Attempt& attempt) {
        asker.asked.clear();
        attempt = reader.read(asker, now);
        return asker.asked.size();
    }
};

using GroupReaderTest = Fixture;

TEST_F(GroupReaderTest, MakesOneFrameOfAllRequests) {
    const auto attempt = reader.read(asker, at(1s));
    ASSERT_NE(attempt.frame, nullptr);
    EXPECT_EQ(asker.asked.size(), 3U);
    EXPECT_EQ(attempt.frame->time, from_ms(77));
    EXPECT_EQ(attempt.frame->layout, unit.groups[0].layout);
    for (std::size_t i = 0; i < 30; ++i) {
        EXPECT_EQ(attempt.frame->values[i], 100.0 + static_cast<double>(i));
        EXPECT_EQ(attempt.frame->quality[i], Quality::good);
    }
    EXPECT_FALSE(attempt.failed_question);
    EXPECT_TRUE(attempt.alive);
}

// Registers 100 and 101 are published; 102, which is read along, says that 101 is not there.
TEST_F(GroupReaderTest, CompletesTheFrame) {
    auto plan = word_unit(1, 1s, 100, 2);
    auto& group = plan.groups[0];
    auto layout = std::make_shared<Layout>(*group.layout);
    layout->points.push_back({.name = "sum", .unit = ""});
    group.layout = layout;
    group.points.push_back({.address = 102});
    group.hidden = 1;
    group.presences = {{.point = 1, .other = 2, .minimum = 103}};
    group.derived = {{.operation = Operation::sum, .operands = {0, 2}}};
    GroupReader completing(plan, group);
    const auto attempt = completing.read(asker, at(1s));
    ASSERT_NE(attempt.frame, nullptr);
    EXPECT_EQ(attempt.frame->values, (std::vector<double>{100, 0, 202}));
    EXPECT_EQ(attempt.frame->quality, (std::vector{Quality::good, Quality::not_implemented, Quality::good}));
}

TEST_F(GroupReaderTest, MarksThePointsOfABlockThatFailed) {
    asker.manners = [](const Question& question) {
        return Answer{.kind = question.address == 110 ? AnswerKind::timeout : AnswerKind::data};
    };
    const auto attempt = reader.read(asker, at(1s));
    ASSERT_NE(attempt.frame, nullptr);
    EXPECT_EQ(attempt.frame->quality[9], Quality::good);
    EXPECT_EQ(attempt.frame->quality[10], Quality::comm_error);
    EXPECT_EQ(attempt.frame->values[10], 0);
    EXPECT_EQ(attempt.frame->quality[20], Quality::good);
    EXPECT_EQ(attempt.failed_question->address, 110);
    EXPECT_EQ(attempt.failure.kind, AnswerKind::timeout);
}

TEST_F(GroupReaderTest, ASilentUnitCostsOneTimeOut) {
    asker.manners = [](const Question&) { return Answer{.kind = AnswerKind::timeout}; };
    const auto attempt = reader.read(asker, at(1s));
    EXPECT_EQ(attempt.frame, nullptr);
    EXPECT_FALSE(attempt.alive);
    EXPECT_EQ(asker.asked.size(), 1U);
}

TEST_F(GroupReaderTest, AUnitThatFallsSilentCostsTwoAtMost) {
    asker.manners = [](const Question& question) {
        return Answer{.kind = question.address == 100 ? AnswerKind::data : AnswerKind::timeout};
    };
    auto unit_of_four = word_unit(1, 1s, 100, 40);
    unit_of_four.limits.max_registers = 10;
    GroupReader longer(unit_of_four, unit_of_four.groups[0]);
    longer.read(asker, at(1s));
    EXPECT_EQ(asker.asked.size(), 3U);
}

TEST_F(GroupReaderTest, FindsTheRegisterThatIsNotThereAndLeavesItOut) {
    asker.refuse({113});
    Attempt attempt;
    EXPECT_LE(asked_by_read(at(1s), attempt), 3U + 2 * 4);
    ASSERT_NE(attempt.frame, nullptr);
    for (std::size_t i = 0; i < 30; ++i) {
        EXPECT_EQ(attempt.frame->quality[i], i == 13 ? Quality::not_implemented : Quality::good) << i;
    }
    const auto steady = asked_by_read(at(2s), attempt);
    for (const auto& question : asker.asked) {
        EXPECT_FALSE(question.address <= 113 && 113 < question.address + question.count);
    }
    EXPECT_EQ(steady, 4U) << "100-109, 110-112, 114-123, 124-129: no piece of the search is left";
    EXPECT_EQ(attempt.frame->quality[13], Quality::not_implemented);
}

TEST_F(GroupReaderTest, WhenARefusedRegisterIsThereAfterAllTheWholePlanIsBack) {
    asker.refuse({113});
    Attempt attempt;
    asked_by_read(at(1s), attempt);
    asker.refuse({});
    asked_by_read(at(700s), attempt);
    EXPECT_EQ(asked_by_read(at(701s), attempt), 3U);
    EXPECT_EQ(attempt.frame->quality[13], Quality::good);
}

TEST_F(GroupReaderTest, ADeviceThatRefusesOnlyLongReadsIsNotSearchedEachPoll) {
    asker.manners = [](const Question& question) {
        if (question.count > 5) return Answer{.kind = AnswerKind::exception, .exception = 0x03};
        return Answer{.kind = AnswerKind::data};
    };
    Attempt attempt;
    EXPECT_EQ(asked_by_read(at(1s), attempt), 3U + 6U);
    EXPECT_EQ(asked_by_read(at(2s), attempt), 6U);
    for (std::size_t i = 0; i < 30; ++i) EXPECT_EQ(attempt.frame->quality[i], Quality::good);
}

TEST_F(GroupReaderTest, AsksARefusedRegisterAgainAfterTenMinutesThenTwenty) {
    asker.refuse({113});
    Attempt attempt;
    asked_by_read(at(1s), attempt);
    const auto usual = asked_by_read(at(2s), attempt);
    EXPECT_EQ(asked_by_read(at(602s), attempt), usual + 1);
    EXPECT_EQ(asked_by_read(at(603s), attempt), usual);
    EXPECT_EQ(asked_by_read(at(1300s), attempt), usual);
    asker.refuse({});
    EXPECT_EQ(asked_by_read(at(1803s), attempt), usual + 1);
    EXPECT_EQ(attempt.frame->quality[13], Quality::good);
    EXPECT_EQ(attempt.frame->values[13], 113);
}

TEST_F(GroupReaderTest, ManyRefusedRegistersAreFoundOverSeveralPolls) {
    std::set<int> odd;
    for (int address = 101; address < 130; address += 2) odd.insert(address);
    asker.refuse(odd);
    Attempt attempt;
    for (int second = 1; second < 6; ++second) {
        EXPECT_LE(asked_by_read(at(std::chrono::seconds(second)), attempt), 70U);
    }
    ASSERT_NE(attempt.frame, nullptr);
    for (std::size_t i = 0; i < 30; ++i) {
        EXPECT_EQ(attempt.frame->quality[i], i % 2 == 1 ? Quality::not_implemented : Quality::good) << i;
    }
    EXPECT_EQ(asked_by_read(at(10s), attempt), 15U);
}

TEST_F(GroupReaderTest, ADeviceThatRefusesEverythingIsLeftAloneForAWhileAndNothingIsRemembered) {
    std::set<int> all;
    for (int address = 100; address < 130; ++address) all.insert(address);
    asker.refuse(all);
    Attempt attempt;
    int polls = 0;
    while (asked_by_read(at(1s), attempt) > 0) ASSERT_LT(++polls, 10);
    EXPECT_EQ(attempt.frame, nullptr);
    EXPECT_EQ(attempt.failure.exception, 0x02);
    EXPECT_FALSE(attempt.asked);
    EXPECT_EQ(asked_by_read(at(10s), attempt), 0U);
    asker.refuse({});
    EXPECT_EQ(asked_by_read(at(12s), attempt), 3U) << "whole requests again";
    EXPECT_NE(attempt.frame, nullptr);
}

TEST_F(GroupReaderTest, AValueAndItsScaleFactorComeFromOneAnswer) {
    auto scaled = word_unit(1, 1s, 0, 2);
    scaled.limits.max_registers = 50;
    for (auto& point : scaled.groups[0].points)
        point.scale_factor = ScaleFactor{.address = 40, .invalid = {}};
    scaled.groups[0].points[1].address = 60;
    GroupReader both(scaled, scaled.groups[0]);
    asker.refuse({20});
    both.read(asker, at(1s));
    for (const auto& question : asker.asked) {
        if (question.count == 1) continue;  // only whether it is there by itself
        EXPECT_LE(question.address, 40);
        EXPECT_GT(question.address + question.count, 40);
    }
}

// Registers 41 to 59 do not exist. Register 40 holds 40, which stands for 0.5.
struct RefusedBetweenTest : testing::Test {
    RefusedBetweenTest() : unit(word_unit(1, 1s, 0, 2)) {
        auto& points = unit.groups[0].points;
        points[1].address = 60;
        points[1].scale_factor = ScaleFactor{.address = 40, .invalid = {}, .map = {{40, 0.5}}};
        asker.refuse({50});
    }
    FakeAsker asker;
    UnitPlan unit;
};

TEST_F(RefusedBetweenTest, ValueAndFactorAreReadByThemselves) {
    GroupReader reader(unit, unit.groups[0]);
    auto attempt = reader.read(asker, at(1s));
    ASSERT_NE(attempt.frame, nullptr);
    EXPECT_EQ(attempt.frame->quality[1], Quality::comm_error) << "not read yet";
    asker.asked.clear();
    attempt = reader.read(asker, at(2s));
    ASSERT_NE(attempt.frame, nullptr);
    EXPECT_EQ(attempt.frame->quality[0], Quality::good);
    EXPECT_EQ(attempt.frame->quality[1], Quality::good);
    EXPECT_EQ(attempt.frame->values[1], 30);
    std::vector<int> addresses;
    for (const auto& question : asker.asked) addresses.push_back(question.address);
    EXPECT_EQ(addresses, (std::vector{40, 0, 60, 40}));
}

TEST_F(RefusedBetweenTest, WhatIsNotThereIsNotImplemented) {
    asker.refuse({50, 60});
    GroupReader reader(unit, unit.groups[0]);
    reader.read(asker, at(1s));
    asker.asked.clear();
    const auto attempt = reader.read(asker, at(2s));
    ASSERT_NE(attempt.frame, nullptr);
    EXPECT_EQ(attempt.frame->quality[1], Quality::not_implemented);
    EXPECT_EQ(asker.asked.size(), 1U) << "nothing more is asked for it";
}

TEST_F(RefusedBetweenTest, WithoutItsFactorThereIsNoValue) {
    asker.refuse({40, 50});
    GroupReader reader(unit, unit.groups[0]);
    for (int second = 1; second < 5; ++second) {
        const auto attempt = reader.read(asker, at(std::chrono::seconds(second)));
        ASSERT_NE(attempt.frame, nullptr);
        EXPECT_NE(attempt.frame->quality[1], Quality::good);
        EXPECT_EQ(attempt.frame->values[1], 0);
    }
}

// A factor at 0 and values up to 200 registers away, as in a SunSpec string with many modules.
struct FarFactorTest : testing::Test {
    FarFactorTest() {
        unit = word_unit(1, 1s, 150, 60);
        for (auto& point : unit.groups[0].points) point.scale_factor = ScaleFactor{.address = 0};
        unit.groups[0].points[0].address = 10;
        unit.limits.max_hole = 4;
    }
    // Register 0 holds `factor()`, the others 5; counts the requests.
    struct Device : Asker {
        Reply ask(ReadPlan& plan) override {
            asked.push_back(plan.question.address);
            words.assign(plan.question.count, 5);
            if (plan.question.address == 0) words[0] = factor();
            return {.answer = answer(plan.question), .words = words};
        }
        void stamp(Frame&) override {}
        std::function<std::uint16_t()> factor = [] { return std::uint16_t{2}; };
        std::function<Answer(const Question&)> answer = [](const Question&) {
            return Answer{.kind = AnswerKind::data};
        };
        std::vector<int> asked;
        std::vector<std::uint16_t> words;
    } device;
    UnitPlan unit;
};

TEST_F(FarFactorTest, IsReadBeforeAndAfterTheValues) {
    GroupReader reader(unit, unit.groups[0]);
    const auto attempt = reader.read(device, at(1s));
    ASSERT_NE(attempt.frame, nullptr);
    EXPECT_EQ(device.asked, (std::vector{0, 0, 151, 0}))
        << "the near value has its own request with the factor";
    for (std::size_t i = 0; i < 60; ++i) {
        EXPECT_EQ(attempt.frame->quality[i], Quality::good) << i;
        EXPECT_EQ(attempt.frame->values[i], 500) << i;
    }
}

TEST_F(FarFactorTest, ValuesBetweenTwoFactorsAreNotUsed) {
    GroupReader reader(unit, unit.groups[0]);
    int asked = 0;
    device.factor = [&] { return static_cast<std::uint16_t>(++asked == 3 ? 1 : 2); };
    auto attempt = reader.read(device, at(1s));
    ASSERT_NE(attempt.frame, nullptr);
    EXPECT_EQ(attempt.frame->quality[0], Quality::good) << "value and factor came in one answer";
    EXPECT_EQ(attempt.frame->quality[30], Quality::comm_error);
    EXPECT_EQ(attempt.frame->values[30], 0);
    attempt = reader.read(device, at(2s));
    EXPECT_EQ(attempt.frame->quality[30], Quality::good);
}

TEST_F(FarFactorTest, WithoutASecondLookNothingIsCertain) {
    GroupReader reader(unit, unit.groups[0]);
    device.answer = [&](const Question&) {
        return Answer{.kind = device.asked.size() == 4 ? AnswerKind::timeout : AnswerKind::data};
    };
    const auto attempt = reader.read(device, at(1s));
    ASSERT_NE(attempt.frame, nullptr);
    EXPECT_EQ(attempt.frame->quality[30], Quality::comm_error);
    EXPECT_EQ(attempt.frame->quality[0], Quality::good);
}

TEST_F(FarFactorTest, AFactorThatIsNotThereTakesItsValuesAlong) {
    GroupReader reader(unit, unit.groups[0]);
    device.answer = [&](const Question& question) {
        return question.address == 0 ? Answer{.kind = AnswerKind::exception, .exception = 0x02}
                                     : Answer{.kind = AnswerKind::data};
    };
    auto attempt = reader.read(device, at(1s));
    ASSERT_NE(attempt.frame, nullptr);
    EXPECT_EQ(attempt.frame->quality[30], Quality::not_implemented);
    device.asked.clear();
    attempt = reader.read(device, at(2s));
    EXPECT_EQ(device.asked, std::vector{151}) << "and is not asked for each time";
}

TEST_F(GroupReaderTest, StopsWhereTheDeviceIsBusyOrTheLinkIsLost) {
    for (const Answer& answer : {Answer{.kind = AnswerKind::exception, .exception = 0x06},
                                 Answer{.kind = AnswerKind::lost}, Answer{.kind = AnswerKind::postponed}}) {
        asker.asked.clear();
        asker.manners = [&](const Question&) { return answer; };
        EXPECT_EQ(reader.read(asker, at(1s)).frame, nullptr);
        EXPECT_EQ(asker.asked.size(), 1U);
    }
}

// Begun anew, the first request would put the second in doubt again, and no frame would ever come.
TEST_F(GroupReaderTest, APollThatMustWaitGoesOnWhereItStopped) {
    const auto requests = reader.requests();
    ASSERT_GE(requests, 2U);
    asker.manners = [&](const Question&) {
        return asker.asked.size() == 2 ? Answer{.kind = AnswerKind::postponed}
                                       : Answer{.kind = AnswerKind::data};
    };
    asker.postponed_to = at(3s);
    const auto waiting = reader.read(asker, at(1s));
    EXPECT_EQ(waiting.postponed_to, at(3s));
    EXPECT_EQ(waiting.frame, nullptr) << "told before it is whole, it would change under its reader";
    EXPECT_FALSE(waiting.failed_question);
    const auto second = asker.asked.back();
    const auto attempt = reader.read(asker, at(3s));
    EXPECT_FALSE(attempt.postponed_to);
    ASSERT_NE(attempt.frame, nullptr);
    EXPECT_THAT(attempt.frame->quality, testing::Each(Quality::good));
    EXPECT_EQ(asker.asked.size(), requests + 1);
    EXPECT_EQ(asker.asked.at(2).address, second.address);
}

TEST_F(GroupReaderTest, APollThatWaitedTooLongOrForAnotherDeviceBeginsAnew) {
    const auto requests = reader.requests();
    for (const bool another_device : {false, true}) {
        asker.asked.clear();
        asker.manners = [&](const Question&) {
            return asker.asked.size() == 2 ? Answer{.kind = AnswerKind::postponed}
                                           : Answer{.kind = AnswerKind::data};
        };
        asker.postponed_to = at(3s);
        reader.read(asker, at(1s));
        if (another_device) reader.forget();
        reader.read(asker, another_device ? at(3s) : at(60s));
        EXPECT_EQ(asker.asked.size(), 2 + requests);
    }
}

TEST_F(GroupReaderTest, TheGatewaysExceptionsAreNotTheUnitsOwn) {
    for (const int code : {0x0A, 0x0B, 0x04}) {
        asker.manners = [&](const Question&) {
            return Answer{.kind = AnswerKind::exception, .exception = static_cast<std::uint8_t>(code)};
        };
        EXPECT_EQ(reader.read(asker, at(1s)).alive, code == 0x04);
    }
}

TEST_F(GroupReaderTest, RefusesAPlanThatBreaksTheLimits) {
    auto wrong = word_unit(1, 1s, 100, 1);
    wrong.groups[0].points[0].type = ValueType::f64;
    wrong.limits.max_registers = 3;
    EXPECT_THROW(GroupReader(wrong, wrong.groups[0]), std::invalid_argument);
}

// Registers 102 to 129 behind a header at 100, which holds 100 and 101; requests of ten.
struct HeaderTest : testing::Test {
    FakeAsker asker;
    UnitPlan unit = word_unit(1, 1s, 102, 28);

    GroupReader reader(std::uint32_t content = 100U << 16U | 101U) {
        unit.limits.max_registers = 10;
        unit.headers = {{.address = 100, .content = content, .end = 130}};
        return {unit, unit.groups[0]};
    }
};

TEST_F(HeaderTest, TravelsWithTheNearestPointsAndComesLast) {
    auto guarded = reader();
    const auto attempt = guarded.read(asker, at(1s));
    ASSERT_NE(attempt.frame, nullptr);
    ASSERT_EQ(attempt.frame->values.size(), 28U);
    EXPECT_EQ(attempt.frame->values.front(), 102);
    EXPECT_EQ(attempt.frame->values.back(), 129);
    EXPECT_EQ(asker.asked.size(), 3U) << "it costs no request of its own";
    EXPECT_EQ(asker.asked.back().address, 100);
    EXPECT_EQ(asker.asked.back().count, 10);
}

TEST_F(HeaderTest, OfPointsTooFarAwayIsReadBehindThem) {
    unit = word_unit(1, 1s, 120, 5);
    auto guarded = reader();
    ASSERT_NE(guarded.read(asker, at(1s)).frame, nullptr);
    ASSERT_EQ(asker.asked.size(), 2U);
    EXPECT_EQ(asker.asked[0].address, 120);
    EXPECT_EQ(asker.asked[1].address, 100);
    EXPECT_EQ(asker.asked[1].count, 2);
}

TEST_F(HeaderTest, ThatDiffersLeavesNoValue) {
    auto guarded = reader(103U << 16U | 50U);
    const auto attempt = guarded.read(asker, at(1s));
    EXPECT_EQ(attempt.frame, nullptr);
    EXPECT_TRUE(attempt.alive);
    EXPECT_TRUE(attempt.map_changed);
    EXPECT_THAT(attempt.problem, testing::HasSubstr("holding 100-101 is 100, 101 instead of 103, 50"));
}

TEST_F(HeaderTest, ThatIsRefusedLeavesNoValue) {
    auto guarded = reader();
    asker.refuse({100});
    const auto attempt = guarded.read(asker, at(1s));
    EXPECT_EQ(attempt.frame, nullptr);
    EXPECT_TRUE(attempt.map_changed);
}

TEST_F(HeaderTest, ThatCouldNotBeReadVouchesForNothing) {
    auto guarded = reader();
    asker.manners = [](const Question& question) {
        return Answer{.kind = question.address == 100 ? AnswerKind::timeout : AnswerKind::data};
    };
    const auto attempt = guarded.read(asker, at(1s));
    ASSERT_NE(attempt.frame, nullptr);
    EXPECT_FALSE(attempt.map_changed);
    EXPECT_THAT(attempt.frame->quality, testing::Each(Quality::comm_error));
}

TEST_F(HeaderTest, ComesLastInABlockThatIsHalvedToo) {
    auto guarded = reader();
    asker.refuse({105});
    const auto attempt = guarded.read(asker, at(1s));
    ASSERT_NE(attempt.frame, nullptr);
    for (std::size_t i = 0; i < 28; ++i) {
        EXPECT_EQ(attempt.frame->quality[i], i == 3 ? Quality::not_implemented : Quality::good) << i;
    }
    EXPECT_EQ(asker.asked.back().address, 100);
    asker.asked.clear();
    ASSERT_NE(guarded.read(asker, at(2s)).frame, nullptr);
    EXPECT_EQ(asker.asked.back().address, 100) << "and in what is planned around it";
}

TEST_F(HeaderTest, OfOtherPointsIsNotAsked) {
    unit.groups[0] = support::word_group(DeviceIndex{1}, "main", 1s, 200, 3);
    auto guarded = reader();
    ASSERT_NE(guarded.read(asker, at(1s)).frame, nullptr);
    EXPECT_EQ(asker.asked.size(), 1U);
}

}  // namespace
}  // namespace sitepower::modbus::group_reader_test
