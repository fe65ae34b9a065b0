#include "core/battery/rul/particle/thermal_age.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace sitepower::thermal_age_test {
namespace {

using std::chrono::hours;

void hold(ThermalAge& age, int days, double temperature_c) {
    for (int day = 0; day < days; ++day) age.add(hours(24), temperature_c);
}

double age_at(const ThermalAge& age, double h_c, double service_days) {
    return ThermalAge::between(age.age_days(service_days), ThermalAge::place_of(h_c));
}

TEST(ThermalAge, CountsDaysAtTheReference) {
    ThermalAge age;
    hold(age, 100, 25);
    for (const double h_c : {6.0, 9.0, 12.0}) EXPECT_NEAR(age_at(age, h_c, 100), 100, 1e-9);
}

TEST(ThermalAge, DoublesPerHalvingStep) {
    ThermalAge age;
    hold(age, 100, 34);
    EXPECT_NEAR(age_at(age, 9, 100), 200, 3) << "between nodes";
    EXPECT_NEAR(age_at(age, 12, 100), 100 * std::exp2(9.0 / 12), 1e-6);
    EXPECT_NEAR(age_at(age, 6, 100), 100 * std::exp2(9.0 / 6), 1e-6);
}

TEST(ThermalAge, AMeanTemperatureIsLessThanItsSwings) {
    ThermalAge even;
    hold(even, 100, 30);
    ThermalAge swinging;
    hold(swinging, 50, 20);
    hold(swinging, 50, 40);
    EXPECT_GT(age_at(swinging, 9, 100), age_at(even, 9, 100));
}

TEST(ThermalAge, WhatWasNotSeenCountsAsTheReference) {
    ThermalAge age;
    hold(age, 100, 34);
    EXPECT_NEAR(age_at(age, 12, 300), age_at(age, 12, 100) + 200, 1e-6);
    EXPECT_NEAR(age_at(ThermalAge(), 9, 300), 300, 1e-9);
}

TEST(ThermalAge, MinutesOfHeatCountForMinutes) {
    ThermalAge age;
    age.add(std::chrono::minutes(14), 55);
    EXPECT_NEAR(age_at(age, 9, 1365), 1365, 0.2);
    EXPECT_NEAR(ThermalAge::between(age.rate(), ThermalAge::place_of(9)), 1, 0.001);
    ThermalAge again;
    again.restore(age.memory());
    again.add(std::chrono::minutes(14), 55);
    EXPECT_NEAR(age_at(again, 9, 1365), 1365, 0.4) << "nor after a restart";
}

TEST(ThermalAge, TheFutureFollowsThePartOfTheYearThatWasSeen) {
    ThermalAge age;
    hold(age, 73, 37);
    EXPECT_NEAR(ThermalAge::between(age.rate(), ThermalAge::place_of(12)), 1 + 0.2, 1e-6);
    hold(age, 292, 37);
    EXPECT_NEAR(ThermalAge::between(age.rate(), ThermalAge::place_of(12)), 2, 1e-6);
}

TEST(ThermalAge, TheFutureIsAsTheLastYear) {
    ThermalAge age;
    hold(age, 1000, 25);
    hold(age, 400, 37);
    EXPECT_NEAR(ThermalAge::between(age.rate(), ThermalAge::place_of(12)), 2, 1e-6);
    EXPECT_NEAR(ThermalAge().rate()[0], 1, 1e-12);
}

TEST(ThermalAge, KnowsHowOldItWas) {
    ThermalAge age;
    hold(age, 500, 25);
    hold(age, 365, 37);  // counted in months of whole days here
    const auto days_then = [&age](double service_days, double before_days) {
        return ThermalAge::between(age.age_days_before(service_days, before_days), ThermalAge::place_of(12));
    };
    EXPECT_NEAR(days_then(1000, 0), 635 + 2 * 365, 1e-6);
    EXPECT_NEAR(days_then(1000, 100), 635 + 2 * 265, 5) << "the last year was hot";
    EXPECT_NEAR(days_then(1000, 365), 635, 5);
    EXPECT_NEAR(days_then(1000, 600), 400, 5) << "and the time before was not";
    EXPECT_NEAR(days_then(1000, 1000), 0, 1e-6);
    EXPECT_NEAR(days_then(1000, 2000), 0, 1e-6) << "before there was a battery";
    EXPECT_NEAR(days_then(100, 500), 0, 1e-6) << "served for less than was seen: a wrong clock";
    age = {};
    EXPECT_NEAR(days_then(1000, 400), 600, 1e-6) << "nothing was seen";
}

TEST(ThermalAge, IgnoresWhatIsNoTemperature) {
    ThermalAge age;
    age.add(hours(1), std::nan(""));
    age.add(hours(1), std::numeric_limits<double>::infinity());
    age.add(hours(1), 300);
    age.add(hours(-1), 25);
    EXPECT_TRUE(age.is_empty());
}

TEST(ThermalAge, RemembersAcrossARestart) {
    ThermalAge age;
    hold(age, 500, 31);
    ThermalAge again;
    again.restore(age.memory());
    EXPECT_EQ(again.age_days(600), age.age_days(600));
    EXPECT_EQ(again.rate(), age.rate());
}

TEST(ThermalAge, ADamagedMemoryStartsAnew) {
    ThermalAge::Memory damaged;
    damaged.seen_days = std::nan("");
    ThermalAge age;
    age.restore(damaged);
    EXPECT_TRUE(age.is_empty());
    damaged.seen_days = 1;
    damaged.month = 99;
    age.restore(damaged);
    EXPECT_TRUE(age.is_empty());
}

}  // namespace
}  // namespace sitepower::thermal_age_test
