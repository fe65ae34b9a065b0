#include "core/alert/condition.hpp"

#include <gtest/gtest.h>

namespace sitepower::condition_test {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr Time start = from_ms(1'795'328'000'000);

Limits temperature_limits() {
    return Limits(rules()[static_cast<std::size_t>(RuleId::temperature_high)]);  // 40, 50, -3, 5 min
}

class ConditionTest : public testing::Test {
  protected:
    // The value holds from here for the duration, evaluated every second.
    std::optional<Severity> hold(double value, Duration duration) {
        for (const Time until = now_ + duration; now_ < until; now_ += seconds(1)) {
            condition_.update(value, limits_, now_);
        }
        condition_.update(value, limits_, now_);
        return condition_.level();
    }

    Limits limits_ = temperature_limits();
    Condition condition_;
    Time now_ = start;
};

TEST_F(ConditionTest, RaisesAfterTheDelayAndNotBefore) {
    EXPECT_EQ(hold(41, minutes(5) - seconds(1)), std::nullopt);
    EXPECT_EQ(hold(41, seconds(1)), Severity::warning);
}

TEST_F(ConditionTest, TheThresholdItselfIsStillFine) {
    EXPECT_EQ(hold(40, minutes(60)), std::nullopt);
}

TEST_F(ConditionTest, StartsAnewAfterEachInterruption) {
    hold(41, minutes(4));
    hold(39.9, seconds(1));
    EXPECT_EQ(hold(41, minutes(5) - seconds(2)), std::nullopt);
}

TEST_F(ConditionTest, EscalatesOnItsOwnDelay) {
    hold(41, minutes(4));
    EXPECT_EQ(hold(55, minutes(1)), Severity::warning) << "5 minutes above warning, 1 above critical";
    EXPECT_EQ(hold(55, minutes(4)), Severity::critical);
}

TEST_F(ConditionTest, ClearsByTheHysteresisAfterTheSameDelay) {
    hold(55, minutes(10));
    EXPECT_EQ(hold(48, minutes(60)), Severity::critical) << "within the hysteresis";
    EXPECT_EQ(hold(47, minutes(5)), Severity::warning);
    EXPECT_EQ(hold(37.1, minutes(60)), Severity::warning);
    EXPECT_EQ(hold(37, minutes(4)), Severity::warning);
    EXPECT_EQ(hold(37, minutes(1)), std::nullopt);
}

TEST_F(ConditionTest, PausingForgetsWhatWasOnTheWay) {
    hold(41, minutes(4));
    condition_.pause();
    EXPECT_EQ(hold(41, minutes(4)), std::nullopt);
    hold(41, minutes(2));
    condition_.pause();
    EXPECT_EQ(condition_.level(), Severity::warning) << "but keeps what holds";
}

TEST_F(ConditionTest, RaisesNothingForOneOfManyAtTheLimit) {
    limits_.of_others = 38;  // within the margin of 40
    EXPECT_EQ(hold(41, minutes(60)), std::nullopt);
    EXPECT_EQ(hold(51, minutes(60)), Severity::critical) << "far from the others at the upper limit";
    limits_.of_others = 36;
    condition_.clear();
    EXPECT_EQ(hold(41, minutes(60)), Severity::warning);
}

TEST_F(ConditionTest, WithoutAThresholdASeverityIsNeverRaised) {
    limits_.warning.reset();
    EXPECT_EQ(hold(45, minutes(60)), std::nullopt);
    EXPECT_EQ(hold(51, minutes(60)), Severity::critical);
}

TEST(Condition, BelowIsTheMirrorOfAbove) {
    Limits limits(rules()[static_cast<std::size_t>(RuleId::voltage_low_discharge)]);  // 10.8, 10.5, 10 s
    limits.hysteresis = 0.2;
    Condition condition;
    for (int s = 0; s <= 10; ++s) condition.update(10.7, limits, start + seconds(s));
    EXPECT_EQ(condition.level(), Severity::warning);
    for (int s = 11; s <= 30; ++s) condition.update(10.9, limits, start + seconds(s));
    EXPECT_EQ(condition.level(), Severity::warning);
    for (int s = 31; s <= 41; ++s) condition.update(11.0, limits, start + seconds(s));
    EXPECT_EQ(condition.level(), std::nullopt);
}

TEST(Latch, CountsReadingsWithinSevenDays) {
    Latch latch;
    const auto day = Duration{24 * 3600'000};
    latch.update(true, true, Duration{}, 3, start);
    latch.update(true, true, Duration{}, 3, start + day);
    EXPECT_FALSE(latch.is_on());
    latch.update(true, true, Duration{}, 3, start + 2 * day);
    EXPECT_TRUE(latch.is_on());

    Latch rare;
    for (int i = 0; i < 20; ++i) rare.update(true, true, Duration{}, 3, start + i * 5 * day);
    EXPECT_FALSE(rare.is_on()) << "no three readings lie within 7 days";
}

TEST(Condition, AssumesWhatWasOpenBeforeARestart) {
    Condition condition;
    condition.assume(Severity::warning);
    EXPECT_EQ(condition.level(), Severity::warning);
    condition.assume(Severity::critical);
    EXPECT_EQ(condition.level(), Severity::critical);
}

}  // namespace
}  // namespace sitepower::condition_test
