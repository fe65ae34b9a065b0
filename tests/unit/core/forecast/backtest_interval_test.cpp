#include "core/forecast/backtest_interval.hpp"

#include <gtest/gtest.h>

#include "tests/unit/core/forecast/synthetic.hpp"

namespace sitepower::forecast::backtest_interval_test {
namespace {

constexpr std::size_t steps = 40;

std::vector<BacktestOrigin> origins(double first_half, double second_half, double bias = 0) {
    Noise noise(4);
    std::vector<BacktestOrigin> result(6);
    for (auto& origin : result) {
        for (std::size_t h = 0; h < steps; ++h) {
            const double size = h < steps / 2 ? first_half : second_half;
            origin.forecast.push_back(100);
            origin.actual.push_back(100 + bias + size * noise.next());
            origin.scored.push_back(1);
        }
    }
    return result;
}

struct Bounds {
    std::vector<double> lower = std::vector<double>(steps);
    std::vector<double> upper = std::vector<double>(steps);
};

Bounds bounds_of(const BacktestInterval& interval, double level = 100, double spread = 0) {
    Bounds bounds;
    interval.bounds(std::vector<double>(steps, level), std::vector<double>(steps, spread), bounds.lower,
                    bounds.upper);
    return bounds;
}

TEST(BacktestIntervals, WidenWithTheHorizonWhereErrorsDo) {
    const auto flat = bounds_of(BacktestInterval(origins(5, 5), 10, false));
    const auto growing = bounds_of(BacktestInterval(origins(2, 8), 10, false));
    EXPECT_NEAR(flat.upper.back() - 100, flat.upper.front() - 100, 0.3 * (flat.upper.front() - 100));
    EXPECT_GT(growing.upper.back() - 100, 1.5 * (growing.upper.front() - 100));
}

TEST(BacktestIntervals, AreNotThoseOfWhatWasFilledIn) {
    auto clean = origins(5, 5);
    auto filled = clean;
    for (std::size_t o = 0; o < clean.size(); ++o) {
        for (std::size_t h = steps - 5; h < steps; ++h) {
            clean[o].scored[h] = filled[o].scored[h] = 0;
            filled[o].actual[h] = 1000;
        }
    }
    EXPECT_EQ(bounds_of(BacktestInterval(filled, 10, false)).upper,
              bounds_of(BacktestInterval(clean, 10, false)).upper);
}

TEST(BacktestIntervals, NeverNarrowWithTheHorizon) {
    const auto shrinking = bounds_of(BacktestInterval(origins(8, 2), 10, false));
    EXPECT_GE(shrinking.upper.back(), shrinking.upper.front() - 1e-9);
}

TEST(BacktestIntervals, AreLopsidedWhereErrorsAre) {
    const auto biased = bounds_of(BacktestInterval(origins(3, 3, 4), 10, false));
    EXPECT_GT(biased.upper[5] - 100, 100 - biased.lower[5]);
}

TEST(BacktestIntervals, GrowByTheDistanceBetweenTheExperts) {
    const BacktestInterval interval(origins(5, 5), 10, false);
    const auto alone = bounds_of(interval);
    const auto apart = bounds_of(interval, 100, 8);
    EXPECT_GT(apart.upper[3] - alone.upper[3], 4);
    EXPECT_GT(alone.lower[3] - apart.lower[3], 4);
}

TEST(BacktestIntervals, FollowTheLevelByHalfWhereNothingIsNegative) {
    const BacktestInterval interval(origins(5, 5), 10, true);
    std::vector<double> said(steps, 100);
    said[7] = 300;
    Bounds bounds;
    interval.bounds(said, std::vector<double>(steps, 0), bounds.lower, bounds.upper);
    EXPECT_GT(bounds.upper[7] - 300, 1.5 * (bounds.upper[6] - 100));
    EXPECT_LT(bounds.upper[7] - 300, 3 * (bounds.upper[6] - 100));
}

TEST(BacktestIntervals, LeaveOutWhatWasFilledIn) {
    auto some = origins(5, 5);
    const auto before = bounds_of(BacktestInterval(some, 10, false));
    for (auto& origin : some) {
        for (std::size_t h = 0; h < steps; h += 2) {
            origin.scored[h] = 0;
            origin.actual[h] = 100;
        }
    }
    const auto after = bounds_of(BacktestInterval(some, 10, false));
    EXPECT_NEAR(after.upper[9], before.upper[9], 0.25 * (before.upper[9] - 100));
}

TEST(BacktestIntervals, QuantilesAreOrdered) {
    const BacktestInterval interval(origins(5, 7), 10, true);
    const std::vector<double> said(steps, 100);
    const std::vector<double> spread(steps, 2);
    std::vector<double> before(steps, -1e300);
    for (const double level : {0.01, 0.1, 0.5, 0.9, 0.975, 0.99}) {
        std::vector<double> values(steps);
        interval.quantile(said, spread, level, values);
        for (std::size_t h = 0; h < steps; ++h) ASSERT_GE(values[h], before[h]) << level;
        before = values;
    }
}

TEST(BacktestIntervals, OfPerfectForecastsHaveNoWidth) {
    auto perfect = origins(0, 0);
    const auto bounds = bounds_of(BacktestInterval(perfect, 10, false));
    EXPECT_NEAR(bounds.upper[0], 100, 1e-9);
    EXPECT_NEAR(bounds.lower[0], 100, 1e-9);
}

TEST(BacktestIntervals, WithoutAScaleHaveNone) {
    const BacktestInterval constant(origins(0, 0), 0, false);
    EXPECT_FALSE(constant.calibrated());
    const auto bounds = bounds_of(constant);
    for (std::size_t h = 0; h < steps; ++h) {
        EXPECT_EQ(bounds.lower[h], 100);
        EXPECT_EQ(bounds.upper[h], 100);
    }
}

}  // namespace
}  // namespace sitepower::forecast::backtest_interval_test
