#include "core/battery/rul/trajectory/cycle_age.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace sitepower::cycle_age_test {
namespace {

using std::chrono::hours;

TEST(CycleAge, CountsFullEquivalentCycles) {
    CycleAge age;
    EXPECT_EQ(age.cycles_per_day(), 0);
    for (int half_day = 0; half_day < 20; ++half_day) age.add(hours(12), 25, 100);
    EXPECT_NEAR(age.cycles(), 5, 1e-12);
    EXPECT_NEAR(age.cycles_per_day(), 0.5, 1e-12);
    EXPECT_NEAR(age.memory().seen_days, 10, 1e-12);
}

TEST(CycleAge, ThePaceFollowsTheLatestYear) {
    CycleAge age;
    for (int day = 0; day < 3 * 365; ++day) age.add(hours(24), 100, 100);
    for (int day = 0; day < 2 * 365; ++day) age.add(hours(24), 0, 100);
    EXPECT_NEAR(age.cycles(), 3 * 365, 1e-9);
    EXPECT_NEAR(age.cycles_per_day(), std::exp(-2.0), 0.02);
}

TEST(CycleAge, WhatIsNoUseIsNotCounted) {
    CycleAge age;
    age.add(hours(-1), 1, 100);
    age.add(hours(1), -1, 100);
    age.add(hours(1), std::nan(""), 100);
    age.add(hours(1), std::numeric_limits<double>::infinity(), 100);
    age.add(hours(1), 1, 0);
    EXPECT_EQ(age.memory().seen_days, 0);
    EXPECT_EQ(age.cycles(), 0);
}

TEST(CycleAge, ADamagedMemoryIsNotBelieved) {
    CycleAge age;
    age.restore({.seen_days = 10, .cycles = 5, .recent_days = 9, .recent_cycles = 4.5});
    EXPECT_NEAR(age.cycles_per_day(), 0.5, 1e-12);
    age.restore({.seen_days = 10, .cycles = -5, .recent_days = 9, .recent_cycles = 4.5});
    EXPECT_EQ(age.cycles(), 0);
    age.restore({.seen_days = std::nan("")});
    EXPECT_EQ(age.memory().seen_days, 0);
}

}  // namespace
}  // namespace sitepower::cycle_age_test
