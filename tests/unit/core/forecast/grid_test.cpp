#include "core/forecast/grid.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <set>

namespace sitepower::forecast::grid_test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr Duration hour{hours{1}};
// Berlin 2026: summer time from 29 March 01:00 UTC to 25 October 01:00 UTC.
const Time spring = *parse_time("2026-03-29T01:00:00Z");
const Time autumn = *parse_time("2026-10-25T01:00:00Z");
const CivilClock berlin({{.from = Time::min(), .offset = hours{1}},
                         {.from = spring, .offset = hours{2}},
                         {.from = autumn, .offset = hours{1}}});

TEST(CivilClock, WeekBeginsOnMondayMidnight) {
    const CivilClock utc;
    EXPECT_EQ(utc.week_slot(*parse_time("2026-11-23T00:00:00Z"), hour), 0U);
    EXPECT_EQ(utc.week_slot(*parse_time("2026-11-29T23:59:59Z"), hour), 167U);
    EXPECT_EQ(utc.week_slot(*parse_time("1969-12-29T00:00:00Z"), hour), 0U) << "before 1970";
    EXPECT_EQ(utc.week_slot(*parse_time("2026-11-23T00:10:00Z"), minutes{5}), 2U);
}

TEST(CivilClock, SkipsAHourInSpring) {
    const std::size_t before = berlin.week_slot(spring - hours{1}, hour);
    EXPECT_EQ(before % 24, 1U);
    EXPECT_EQ(berlin.week_slot(spring, hour), before + 2) << "02:00 local does not exist";
    std::set<std::size_t> slots;
    for (Time t = *parse_time("2026-03-28T23:00:00Z"); t < *parse_time("2026-03-29T22:00:00Z"); t += hour) {
        slots.insert(berlin.week_slot(t, hour));
    }
    EXPECT_EQ(slots.size(), 23U);
}

TEST(CivilClock, RepeatsASlotInAutumn) {
    EXPECT_EQ(berlin.week_slot(autumn - hour, hour) % 24, 2U);
    EXPECT_EQ(berlin.week_slot(autumn, hour) % 24, 2U);
    EXPECT_EQ(berlin.week_slot(autumn + hour, hour) % 24, 3U);
}

TEST(Grid, PutsObservationsIntoCells) {
    const Time t0 = *parse_time("2026-01-01T00:00:00Z");
    const auto grid = to_grid(std::vector<Observation>{{t0 + minutes{50}, 3},
                                                       {t0 + minutes{10}, 1},
                                                       {t0 + minutes{10}, 5},  // twice the same time
                                                       {t0 + hours{2}, 7}},
                              hour, Aggregation::mean);
    ASSERT_TRUE(grid);
    EXPECT_EQ(grid->start, t0);
    ASSERT_EQ(grid->size(), 3U);
    EXPECT_EQ(grid->values[0], 3);
    EXPECT_TRUE(std::isnan(grid->values[1]));
    EXPECT_EQ(grid->flags[1], SampleFlag::missing);
    EXPECT_EQ(grid->values[2], 7);
}

TEST(Grid, LeavesOutWhatIsNoValue) {
    const Time t0 = from_ms(0);
    const std::vector<Observation> all{{t0, nan}, {t0, INFINITY}, {t0, -1}, {t0, 101}, {t0, 4}};
    const auto grid = to_grid(all, hour, Aggregation::sum, 0, 100);
    ASSERT_TRUE(grid);
    EXPECT_EQ(grid->values, std::vector<double>{4});
    const auto none = to_grid(std::span(all).first(2), hour, Aggregation::sum);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, ErrorCode::insufficient_data);
}

TEST(Grid, RefusesAWrongStepAndAnAgeOfTheWorld) {
    const std::vector<Observation> two{{from_ms(0), 1}, {from_ms(4'000'000'000'000), 1}};
    for (const auto step : {Duration{0}, Duration{-5}, Duration{7 * 3'600'000}}) {
        EXPECT_FALSE(to_grid(two, step, Aggregation::mean)) << step.count();
    }
    const auto long_one = to_grid(two, minutes{1}, Aggregation::mean);
    ASSERT_FALSE(long_one);
    EXPECT_EQ(long_one.error().code, ErrorCode::validation_error);
    EXPECT_FALSE(to_grid({}, hour, Aggregation::mean));
}

RegularSeries series_of(std::vector<double> values, Duration step = hour) {
    RegularSeries series{.start = from_ms(0), .step = step, .values = std::move(values), .flags = {}};
    for (const double value : series.values) {
        series.flags.push_back(std::isnan(value) ? SampleFlag::missing : SampleFlag::observed);
    }
    return series;
}

TEST(Grid, ShortGapsBecomeALineAndLongOnesStay) {
    auto series = series_of({nan, 1, nan, nan, 4, nan, nan, nan, nan, 9, nan});
    interpolate_gaps(series, 3);
    EXPECT_DOUBLE_EQ(series.values[2], 2);
    EXPECT_DOUBLE_EQ(series.values[3], 3);
    EXPECT_EQ(series.flags[3], SampleFlag::imputed);
    for (const std::size_t i : {0U, 5U, 8U, 10U}) EXPECT_EQ(series.flags[i], SampleFlag::missing) << i;
}

TEST(Grid, CoarseCellsBeginAtTheirMultiple) {
    auto fine = series_of({9, 9, 1, 2, 3, nan, nan, 8, 7}, minutes{20});
    fine.start = from_ms(minutes{20} / Duration{1});
    const auto coarse = coarsen(fine, 3, Aggregation::mean);
    EXPECT_EQ(coarse.start, from_ms(3'600'000));
    ASSERT_EQ(coarse.size(), 2U);
    EXPECT_DOUBLE_EQ(coarse.values[0], 2);
    EXPECT_TRUE(std::isnan(coarse.values[1])) << "one of three is too little";
    EXPECT_DOUBLE_EQ(coarsen(fine, 3, Aggregation::sum).values[0], 6);
}

TEST(Grid, SeasonsFollowFromTheStep) {
    EXPECT_EQ(seasons_of(hour), (Seasons{24, 168}));
    EXPECT_EQ(seasons_of(minutes{5}), (Seasons{288, 2016}));
}

}  // namespace
}  // namespace sitepower::forecast::grid_test
