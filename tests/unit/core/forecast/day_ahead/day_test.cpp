#include "core/forecast/day_ahead/day.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace sitepower::forecast::day_test {
namespace {

using namespace std::chrono_literals;

Time utc(int month, int day, int hour) {
    return std::chrono::sys_days{std::chrono::year{2025} / month / day} + std::chrono::hours{hour};
}

// Central Europe in 2025: summer time from 30 March 01:00 UTC to 26 October 01:00 UTC.
CivilClock berlin() {
    return CivilClock({{.from = utc(1, 1, 0), .offset = 1h},
                       {.from = utc(3, 30, 1), .offset = 2h},
                       {.from = utc(10, 26, 1), .offset = 1h}});
}

// The value is the local hour.
RegularSeries hours_between(Time from, Time to, const CivilClock& clock) {
    RegularSeries series{.start = from, .step = 1h, .values = {}, .flags = {}};
    for (Time t = from; t < to; t += 1h) {
        series.values.push_back(static_cast<double>(clock.week_slot(t, 1h) % 24));
        series.flags.push_back(SampleFlag::observed);
    }
    return series;
}

TEST(DayLocal, AreCutAtLocalMidnight) {
    const auto series = hours_between(utc(5, 1, 22), utc(5, 3, 22), berlin());
    const auto days = local_days(series, berlin());
    ASSERT_EQ(days.size(), 2U);
    EXPECT_EQ(days[0].date, std::chrono::sys_days{std::chrono::year{2025} / 5 / 2});
    for (std::size_t hour = 0; hour < 24; ++hour) {
        EXPECT_EQ(days[0].values[hour], static_cast<double>(hour));
        EXPECT_EQ(days[0].times[hour], 1);
    }
}

TEST(DayLocal, IncompleteDaysAtBothEndsAreLeftOut) {
    const auto series = hours_between(utc(5, 1, 10), utc(5, 4, 3), berlin());
    const auto days = local_days(series, berlin());
    ASSERT_EQ(days.size(), 2U);
    EXPECT_EQ(days.front().date, std::chrono::sys_days{std::chrono::year{2025} / 5 / 2});
    EXPECT_EQ(days.back().date, std::chrono::sys_days{std::chrono::year{2025} / 5 / 3});
}

TEST(DayLocal, TheDayOf23HoursLacksASlotThatTakesTheMeanOfItsNeighbours) {
    const auto days = local_days(hours_between(utc(3, 29, 23), utc(3, 30, 22), berlin()), berlin());
    ASSERT_EQ(days.size(), 1U);
    EXPECT_EQ(days[0].times[2], 0);
    EXPECT_EQ(days[0].values[2], 2.0);  // of 1 and 3
    EXPECT_EQ(days[0].values[23], 23.0);
}

TEST(DayLocal, TheDayOf25HoursHoldsTheMeanOfTheRepeatedHour) {
    auto series = hours_between(utc(10, 25, 22), utc(10, 26, 23), berlin());
    ASSERT_EQ(series.size(), 25U);
    series.values[2] = 10;
    series.values[3] = 20;
    const auto days = local_days(series, berlin());
    ASSERT_EQ(days.size(), 1U);
    EXPECT_EQ(days[0].times[2], 2);
    EXPECT_DOUBLE_EQ(days[0].values[2], 15.0);
    EXPECT_EQ(days[0].values[3], 3.0);
}

TEST(DayLocal, WhatIsMissingStaysUnknown) {
    auto series = hours_between(utc(5, 1, 22), utc(5, 2, 22), berlin());
    series.values[5] = std::numeric_limits<double>::quiet_NaN();
    const auto days = local_days(series, berlin());
    ASSERT_EQ(days.size(), 1U);
    EXPECT_TRUE(std::isnan(days[0].values[5]));
    EXPECT_EQ(days[0].values[6], 6.0);
}

TEST(DayLocal, NothingGivesNoDays) {
    EXPECT_TRUE(local_days({.start = utc(1, 1, 0), .step = 1h, .values = {}, .flags = {}}, {}).empty());
    EXPECT_TRUE(local_days(hours_between(utc(5, 2, 3), utc(5, 2, 9), berlin()), berlin()).empty());
}

}  // namespace
}  // namespace sitepower::forecast::day_test
