#include "core/forecast/day_ahead/intervals.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/unit/core/forecast/day_ahead/synthetic_days.hpp"

namespace sitepower::forecast::intervals_test {
namespace {

constexpr std::size_t hours = 24;
const Eigen::VectorXd flat = Eigen::VectorXd::Constant(hours, 50);
const Eigen::VectorXd spread = Eigen::VectorXd::Ones(hours);
const Eigen::VectorXd none = Eigen::VectorXd::Zero(hours);

struct Shares {
    double interval = 0, p90 = 0, p99 = 0;
};

// Forecasts the same value for `days` days; what came is that plus noise whose size changes half-way.
Shares shares(std::size_t days, double later_size) {
    DayNoise noise(21);
    DayIntervals intervals(hours, hours, false);
    Shares inside;
    double counted = 0;
    for (std::size_t day = 0; day < days; ++day) {
        const auto expected = intervals.expected_error(flat, spread, none, 1);
        const auto q = intervals.quantiles(flat, expected);
        const double size = day < days / 2 ? 1 : later_size;
        Eigen::VectorXd actual = flat;
        for (Eigen::Index s = 0; s < actual.size(); ++s) {
            actual[s] += size * (noise() + noise() + noise());
            const auto slot = static_cast<std::size_t>(s);
            if (day < 30) continue;
            inside.interval += actual[s] >= q.lower95[slot] && actual[s] <= q.upper95[slot] ? 1 : 0;
            inside.p90 += actual[s] <= q.p90[slot] ? 1 : 0;
            inside.p99 += actual[s] <= q.p99[slot] ? 1 : 0;
            counted += 1;
        }
        intervals.mature(actual, flat, spread, expected, q);
    }
    return {.interval = inside.interval / counted, .p90 = inside.p90 / counted, .p99 = inside.p99 / counted};
}

TEST(DayIntervals, ReachTheStatedShares) {
    const auto s = shares(400, 1);
    EXPECT_NEAR(s.interval, 0.95, 0.007);
    EXPECT_NEAR(s.p90, 0.90, 0.01);
    EXPECT_NEAR(s.p99, 0.99, 0.005);
}

TEST(DayIntervals, FollowErrorsThatGrowFivefold) {
    const auto s = shares(400, 5);
    EXPECT_NEAR(s.interval, 0.95, 0.012);
    EXPECT_NEAR(s.p90, 0.90, 0.015);
}

TEST(DayIntervals, BeforeAnyDayHasMaturedTheyAreWideAndSayTheyAreNotCalibrated) {
    const DayIntervals intervals(hours, hours, false);
    const auto q = intervals.quantiles(flat, intervals.expected_error(flat, spread, none, 3));
    EXPECT_FALSE(q.calibrated);
    for (std::size_t slot = 0; slot < hours; ++slot) {
        EXPECT_DOUBLE_EQ(q.p50[slot], 50);
        EXPECT_LE(q.p50[slot], q.p90[slot]);
        EXPECT_LE(q.p90[slot], q.p99[slot]);
        EXPECT_GT(q.upper95[slot] - q.lower95[slot], 4 * 3.0);
    }
}

TEST(DayIntervals, WidenWhereTheExpertsDiffer) {
    DayIntervals intervals(hours, hours, false);
    const auto expected = intervals.expected_error(flat, spread, none, 1);
    intervals.mature(flat + spread, flat, spread, expected, intervals.quantiles(flat, expected));
    Eigen::VectorXd uneven = spread;
    uneven[5] = 4;
    const auto e = intervals.expected_error(flat, uneven, none, 1);
    EXPECT_NEAR(e[5] / e[6], 2.5, 1e-9);
}

TEST(DayIntervals, WidenBySubstitutedCovariates) {
    const DayIntervals intervals(hours, hours, false);
    const auto plain = intervals.expected_error(flat, spread, none, 1);
    const auto wider = intervals.expected_error(flat, spread, Eigen::VectorXd::Constant(hours, 2), 1);
    EXPECT_NEAR(wider[0], std::hypot(plain[0], 1.6), 1e-9);
}

TEST(DayIntervals, OfWhatCannotBeNegativeEndAtZero) {
    const DayIntervals intervals(hours, hours, true);
    const Eigen::VectorXd low = Eigen::VectorXd::Constant(hours, 0.5);
    const auto q = intervals.quantiles(low, intervals.expected_error(low, spread, none, 3));
    EXPECT_EQ(q.lower95[0], 0);
}

TEST(DayIntervals, AConstantSeriesMetExactlyHasNarrowBands) {
    DayIntervals intervals(hours, hours, false);
    for (int day = 0; day < 60; ++day) {
        const auto expected = intervals.expected_error(flat, none, none, 0);
        intervals.mature(flat, flat, none, expected, intervals.quantiles(flat, expected));
    }
    const auto q = intervals.quantiles(flat, intervals.expected_error(flat, none, none, 0));
    EXPECT_NEAR(q.lower95[0], 50, 1e-6);
    EXPECT_NEAR(q.upper95[0], 50, 1e-6);
}

TEST(DayIntervals, UnknownActualsDoNotCount) {
    DayIntervals intervals(hours, hours, false);
    const Eigen::VectorXd unknown =
        Eigen::VectorXd::Constant(hours, std::numeric_limits<double>::quiet_NaN());
    const auto expected = intervals.expected_error(flat, spread, none, 1);
    intervals.mature(unknown, flat, spread, expected, intervals.quantiles(flat, expected));
    EXPECT_EQ(intervals.matured_days(), 0U);
    EXPECT_EQ(intervals.recent_error(), 0);
}

}  // namespace
}  // namespace sitepower::forecast::intervals_test
