#include "core/battery/rul/particle/float_life.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace sitepower::float_life_test {
namespace {

constexpr double horizon_days = 5475;

BatteryAge at_25_c(double service_days) {
    const ThermalAge nothing_seen;
    return {nothing_seen.age_days(service_days), nothing_seen.rate()};
}

double health_of(double days, double life_days, double beta) {
    return 1 - 0.2 * std::pow(days / life_days, beta);
}

TEST(FloatLife, APrioriLastsSevenTenthsOfTheDesignLife) {
    const FloatLife life({}, 1);
    const auto remaining = life.remaining(at_25_c(0), horizon_days);
    // The median of a log-normal of deviation 0.3, weighted by the inverse of the life.
    EXPECT_NEAR(remaining.left->p50, 0.7 * 3652.5 * std::exp(-0.3 * 0.3), 120);
    EXPECT_LT(remaining.left->p10, remaining.left->p50);
    EXPECT_GT(remaining.left->p90, remaining.left->p50);
    EXPECT_NEAR(life.health(at_25_c(0)).mean, 1, 0.005);
    EXPECT_NEAR(life.health(at_25_c(0)).sigma, 0.03, 0.005);
}

TEST(FloatLife, TestsTeachItTheTruth) {
    FloatLife life({}, 1);
    for (int year = 1; year <= 4; ++year) {
        const double days = 365.0 * year;
        life.learn_health(health_of(days, 1800, 3), 0.02, at_25_c(days));
    }
    const auto now = at_25_c(1460);
    EXPECT_NEAR(life.health(now).mean, health_of(1460, 1800, 3), 0.02);
    EXPECT_LT(life.health(now).sigma, 0.03);
    const auto remaining = life.remaining(now, horizon_days);
    const auto unaware = FloatLife({}, 1).remaining(now, horizon_days);
    EXPECT_LT(remaining.left->p10, 340);
    EXPECT_GT(remaining.left->p90, 340);
    EXPECT_LT(remaining.left->p50, 0.7 * unaware.left->p50);
}

TEST(FloatLife, TestsNarrowTheInterval) {
    FloatLife life({}, 1);
    const auto width = [&](const FloatLife& of) {
        const auto left = *of.remaining(at_25_c(1825), 1e6).left;
        return left.p90 - left.p10;
    };
    for (int year = 1; year <= 5; ++year) {
        life.learn_health(health_of(365.0 * year, 2200, 3), 0.02, at_25_c(365.0 * year));
    }
    EXPECT_LT(width(life), 0.8 * width(FloatLife({}, 1)));
}

TEST(FloatLife, AHigherResistanceMeansLessHealthButWeakly) {
    FloatLife high({}, 1);
    FloatLife level({}, 1);
    high.learn_ratio(1.4, 0.03, at_25_c(1500));
    level.learn_ratio(1.0, 0.03, at_25_c(1500));
    EXPECT_LT(high.health(at_25_c(1500)).mean, level.health(at_25_c(1500)).mean - 0.02);
    EXPECT_GT(high.health(at_25_c(1500)).sigma, 0.03);
}

TEST(FloatLife, HeatShortensLife) {
    ThermalAge hot;
    for (int day = 0; day < 365; ++day) hot.add(std::chrono::hours(24), 35);
    const FloatLife life({}, 1);
    const auto cool = life.remaining(at_25_c(365), 1e6).left->p50;
    const auto warm = life.remaining({hot.age_days(365), hot.rate()}, 1e6).left->p50;
    EXPECT_LT(warm, 0.6 * cool);
}

TEST(FloatLife, PastTheEndNothingIsLeft) {
    FloatLife life({}, 1);
    const auto now = at_25_c(3000);
    for (int i = 0; i < 4; ++i) life.learn_health(0.6, 0.02, now);
    EXPECT_EQ(life.remaining(now, horizon_days).left->p50, 0);
    EXPECT_GT(life.probability_within(90, now), 0.95);
}

TEST(FloatLife, BeyondTheHorizonIsCensored) {
    const FloatLife life({.design_life_years = 40}, 1);
    const auto remaining = life.remaining(at_25_c(0), horizon_days);
    EXPECT_TRUE(remaining.censored);
    EXPECT_EQ(remaining.left->p50, horizon_days);
}

TEST(FloatLife, TheHealthFollowsATestHoweverFarOff) {
    for (const double days : {1.0, 365.0, 1000.0, 1365.0, 1600.0}) {
        for (const double health : {0.05, 0.3, 0.45, 0.5, 0.6, 0.7, 0.78, 1.12}) {
            FloatLife life({}, 1);
            life.learn_health(health, 0.036, at_25_c(days));
            const HealthPosterior found = life.health(at_25_c(days));
            EXPECT_NEAR(found.mean, health, 0.01) << "tested after " << days << " days";
            EXPECT_LT(found.sigma, 0.036);
            const auto remaining = life.remaining(at_25_c(days), horizon_days);
            EXPECT_EQ(remaining.left->p50 == 0, health < 0.8) << health << " after " << days << " days";
            EXPECT_EQ(remaining.left->p90 == 0, health < 0.75) << health << " after " << days << " days";
        }
    }
}

TEST(FloatLife, TheNextTestMendsAMistypedOne) {
    FloatLife life({}, 1);
    for (int year = 1; year <= 4; ++year) {
        life.learn_health(health_of(365.0 * year, 2600, 2.5), 0.02, at_25_c(365.0 * year));
    }
    const auto now = at_25_c(1460);
    const double before = life.remaining(now, horizon_days).left->p50;
    life.learn_health(0.3, 0.02, now);
    EXPECT_NEAR(life.health(now).mean, 0.3, 0.01);
    const double truth = health_of(1460, 2600, 2.5);
    life.learn_health(truth, 0.02, now);
    EXPECT_NEAR(life.health(now).mean, truth, 0.01);
    EXPECT_NEAR(life.remaining(now, horizon_days).left->p50, before, 0.2 * before);
}

TEST(FloatLife, AResistanceDoesNotTalkAFailedTestAway) {
    FloatLife life({}, 1);
    life.learn_health(0.45, 0.036, at_25_c(1365));
    for (int quarter = 1; quarter <= 4; ++quarter) life.learn_ratio(1, 0.045, at_25_c(1365 + 91.0 * quarter));
    EXPECT_LT(life.health(at_25_c(1729)).mean, 0.5);
}

TEST(FloatLife, IgnoresWhatIsNoEvidence) {
    FloatLife life({}, 1);
    const double before = life.effective_particles();
    life.learn_health(std::nan(""), 0.02, at_25_c(100));
    life.learn_health(0.9, 0, at_25_c(100));
    life.learn_health(-1, 0.02, at_25_c(100));
    life.learn_ratio(std::numeric_limits<double>::infinity(), 0.03, at_25_c(100));
    EXPECT_EQ(life.effective_particles(), before);
    EXPECT_DOUBLE_EQ(before, FloatLife::particles);
}

TEST(FloatLife, TheSameEvidenceGivesTheSameBits) {
    const auto run = [] {
        FloatLife life({}, 77);
        for (int year = 1; year <= 6; ++year) {
            life.learn_health(health_of(365.0 * year, 2600, 2.5), 0.02, at_25_c(365.0 * year));
            life.learn_ratio(1 + 0.03 * year, 0.03, at_25_c(365.0 * year));
        }
        return *life.remaining(at_25_c(2200), horizon_days).left;
    };
    EXPECT_EQ(run().p10, run().p10);
    EXPECT_EQ(run().p90, run().p90);
}

// Whatever the evidence, quantiles are ordered and weights stay usable.
TEST(FloatLife, SurvivesContradictions) {
    FloatLife life({}, 3);
    for (int i = 0; i < 200; ++i) {
        life.learn_health(i % 2 == 0 ? 1.4 : 0.05, 0.001, at_25_c(10.0 * i));
        life.learn_ratio(i % 3 == 0 ? 9.9 : 0.21, 0.001, at_25_c(10.0 * i));
        const auto left = *life.remaining(at_25_c(10.0 * i), horizon_days).left;
        ASSERT_LE(left.p10, left.p50);
        ASSERT_LE(left.p50, left.p90);
        ASSERT_GE(left.p10, 0);
        ASSERT_TRUE(std::isfinite(life.health(at_25_c(10.0 * i)).mean));
        ASSERT_GE(life.effective_particles(), 1 - 1e-9);
    }
}

}  // namespace
}  // namespace sitepower::float_life_test
