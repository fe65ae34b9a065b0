#include "daemon/lab/score/fleet_jar.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace sitepower::lab::fleet_jar_test {
namespace {

TEST(FleetJar, IsTheSameForTheSameNumber) {
    const FleetJar a(7);
    const FleetJar b(7);
    EXPECT_EQ(a.life_days(), b.life_days());
    EXPECT_EQ(a.tested_health(365, 1), b.tested_health(365, 1));
    EXPECT_NE(a.life_days(), FleetJar(8).life_days());
}

TEST(FleetJar, LivesForYearsAndEndsBelowFourFifths) {
    int sudden = 0;
    for (std::uint64_t number = 0; number < 200; ++number) {
        const FleetJar jar(number);
        EXPECT_GT(jar.life_days(), 100) << number;
        EXPECT_LT(jar.life_days(), 365 * 25) << number;
        EXPECT_GT(jar.health(10), 0.85);
        EXPECT_LT(jar.health(jar.life_days() + 30), 0.81);
        sudden += jar.dies_suddenly() ? 1 : 0;
    }
    EXPECT_GT(sudden, 0);
    EXPECT_LT(sudden, 20);
}

TEST(FleetJar, MeasurementsAreNearTheTruthAndSometimesWild) {
    int wild = 0;
    for (std::uint64_t number = 0; number < 300; ++number) {
        const FleetJar jar(number);
        const double error = jar.tested_health(500, number) - jar.health(500);
        EXPECT_LT(std::abs(error), 0.25);
        wild += std::abs(error) > 0.07 ? 1 : 0;
    }
    EXPECT_GT(wild, 0);
    EXPECT_LT(wild, 20);
}

}  // namespace
}  // namespace sitepower::lab::fleet_jar_test
