#include "daemon/publish/reconnect_plan.hpp"

#include <gtest/gtest.h>

namespace sitepower::reconnect_plan_test {
namespace {

using std::chrono::seconds;

class ReconnectPlanTest : public testing::Test {
  protected:
    explicit ReconnectPlanTest(std::size_t brokers = 1) {
        settings.brokers.resize(brokers);
        settings.reconnect_min = Duration{1000};
        settings.reconnect_max = Duration{60'000};
    }
    ReconnectPlan plan() const { return {settings, 1, now}; }
    // Goes to when the plan says, and lets the attempt end so.
    void fail(ReconnectPlan& of, EndKind kind = EndKind::failed) {
        now = std::max(now, of.due());
        of.ended(kind, now);
    }
    void connect(ReconnectPlan& of, seconds lasting, EndKind kind = EndKind::lost) {
        now = std::max(now, of.due());
        of.accepted(now);
        now += lasting;
        of.ended(kind, now);
    }

    PublisherSettings settings;
    Steady now{};
};

class TwoBrokers : public ReconnectPlanTest {
  protected:
    TwoBrokers() : ReconnectPlanTest(2) {}
};

TEST_F(ReconnectPlanTest, TriesAtOnceAndThenEverMoreSeldom) {
    auto of = plan();
    EXPECT_EQ(of.due(), now);
    Steady::duration longest{};
    for (int i = 0; i < 12; ++i) {
        fail(of);
        const auto wait = of.due() - now;
        const Duration most = std::min<Duration>(Duration{1000} * (1 << i), Duration{60'000});
        EXPECT_GE(wait, most / 2) << i;
        EXPECT_LE(wait, most) << i;
        longest = std::max(longest, wait);
    }
    EXPECT_GE(longest, seconds(30));
}

TEST_F(ReconnectPlanTest, BoxesDoNotComeBackInTheSameMoment) {
    ReconnectPlan one(settings, 1, now);
    ReconnectPlan other(settings, 0xdeadbeefcafe, now);
    one.ended(EndKind::failed, now);
    other.ended(EndKind::failed, now);
    EXPECT_NE(one.due(), other.due());
}

TEST_F(ReconnectPlanTest, AStableConnectionStartsAfresh) {
    auto of = plan();
    for (int i = 0; i < 8; ++i) fail(of);
    connect(of, seconds(600));
    EXPECT_LE(of.due() - now, seconds(1));
}

TEST_F(ReconnectPlanTest, ABrokerThatAcceptsAndClosesIsNotHammered) {
    auto of = plan();
    for (int i = 0; i < 8; ++i) connect(of, seconds(0));
    EXPECT_GE(of.due() - now, seconds(30));
}

TEST_F(TwoBrokers, AreTriedInTurn) {
    auto of = plan();
    EXPECT_EQ(of.attempt().broker, 0U);
    fail(of);
    EXPECT_EQ(of.attempt().broker, 1U);
    EXPECT_LE(of.due() - now, Duration{250});
    fail(of);
    EXPECT_EQ(of.attempt().broker, 0U);
    EXPECT_GE(of.due() - now, Duration{500});
}

TEST_F(TwoBrokers, TheOneThatWorkedIsTriedFirstAfterALoss) {
    auto of = plan();
    fail(of);
    connect(of, seconds(600));
    EXPECT_EQ(of.attempt().broker, 1U);
    fail(of);
    EXPECT_EQ(of.attempt().broker, 0U);
}

TEST_F(ReconnectPlanTest, FallsBackAtOnceWhenTheVersionIsRefused) {
    auto of = plan();
    EXPECT_TRUE(of.attempt().protocol_5);
    fail(of, EndKind::version_refused);
    EXPECT_EQ(of.due(), now);
    EXPECT_FALSE(of.attempt().protocol_5);
    connect(of, seconds(600));
    EXPECT_FALSE(of.attempt().protocol_5);  // remembered
}

TEST_F(ReconnectPlanTest, FallsBackWhenClosedWithoutAWord) {
    auto of = plan();
    fail(of, EndKind::closed_early);
    EXPECT_FALSE(of.attempt().protocol_5);
    fail(of, EndKind::closed_early);  // no better: from the start
    EXPECT_TRUE(of.attempt().protocol_5);
}

TEST_F(ReconnectPlanTest, ABrokerThatSpokeMqtt5IsNotDowngradedByARestart) {
    auto of = plan();
    connect(of, seconds(600));
    fail(of, EndKind::closed_early);
    EXPECT_TRUE(of.attempt().protocol_5);
}

TEST_F(ReconnectPlanTest, ADowngradeIsForgottenAfterADay) {
    auto of = plan();
    fail(of, EndKind::closed_early);
    connect(of, std::chrono::hours(25));
    EXPECT_TRUE(of.attempt().protocol_5);
}

TEST_F(ReconnectPlanTest, AFixedVersionIsKept) {
    settings.version = MqttVersion::v311;
    auto of = plan();
    EXPECT_FALSE(of.attempt().protocol_5);
    settings.version = MqttVersion::v5;
    fail(of, EndKind::version_refused);
    EXPECT_TRUE(of.attempt().protocol_5);
}

TEST_F(ReconnectPlanTest, TwoTakeoversWithinAMinuteAreAFight) {
    auto of = plan();
    connect(of, seconds(5), EndKind::taken_over);
    EXPECT_FALSE(of.taken_over_twice(now));
    EXPECT_LE(of.due() - now, seconds(2));
    connect(of, seconds(5), EndKind::taken_over);
    EXPECT_TRUE(of.taken_over_twice(now));
    EXPECT_GE(of.due() - now, seconds(150));
    // Once more, much later: still the same fight.
    connect(of, seconds(5), EndKind::taken_over);
    EXPECT_TRUE(of.taken_over_twice(now));
    EXPECT_GE(of.due() - now, seconds(150));
}

TEST_F(ReconnectPlanTest, AConnectionThatLastsEndsTheFight) {
    auto of = plan();
    connect(of, seconds(1), EndKind::taken_over);
    connect(of, seconds(1), EndKind::taken_over);
    of.accepted(of.due());
    EXPECT_TRUE(of.taken_over_twice(of.due() + seconds(59)));
    EXPECT_FALSE(of.taken_over_twice(of.due() + seconds(60)));
}

TEST_F(ReconnectPlanTest, TakeoversFarApartAreNone) {
    auto of = plan();
    connect(of, seconds(600), EndKind::taken_over);
    connect(of, seconds(600), EndKind::taken_over);
    EXPECT_FALSE(of.taken_over_twice(now));
}

TEST_F(ReconnectPlanTest, ABrokerWithoutWordsIsJudgedByHowSoonItCloses) {
    auto of = plan();
    connect(of, seconds(1));
    connect(of, seconds(1));
    EXPECT_TRUE(of.taken_over_twice(now));
    EXPECT_GE(of.due() - now, seconds(30));
    auto steady = plan();
    connect(steady, seconds(30));
    connect(steady, seconds(20));
    EXPECT_FALSE(steady.taken_over_twice(now));
}

TEST_F(ReconnectPlanTest, ABrokerThatRestartsIsNoFight) {
    auto of = plan();
    for (int i = 0; i < 3; ++i) {
        connect(of, seconds(1));
        fail(of);
    }
    EXPECT_FALSE(of.taken_over_twice(now));
}

}  // namespace
}  // namespace sitepower::reconnect_plan_test
