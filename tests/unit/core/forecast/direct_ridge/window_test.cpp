#include "core/forecast/direct_ridge/window.hpp"

#include <gtest/gtest.h>

#include "tests/unit/core/forecast/synthetic.hpp"

namespace sitepower::forecast::window_test {
namespace {

constexpr std::size_t horizon = 6;
const Seasons short_week{.day = 4, .week = 12};
const WindowShape shape = window_shape(short_week, horizon);

Series series_of(std::size_t n, std::uint32_t seed = 1) {
    return make_series(n, 10, horizon, seed, short_week.day);
}

WindowSums sums_of(const History& history, std::size_t newest) {
    WindowSums sums(shape);
    WindowReader(shape).add(history, newest, 5.0, sums);
    return sums;
}

TEST(Window, ShapeIsAWeekAndADay) {
    EXPECT_EQ(shape.lags, 16U);
    EXPECT_EQ(shape.length(), 22U);
}

TEST(Window, CountsEveryWindowThatEndsAmongTheNewest) {
    const Series series = series_of(100);
    EXPECT_EQ(sums_of(series.history(), 100).windows, 100U - 22 + 1);
    EXPECT_EQ(sums_of(series.history(), 5).windows, 5U);
    EXPECT_EQ(sums_of(series_of(21).history(), 21).windows, 0U);
}

TEST(Window, LeavesOutWindowsWithAHole) {
    Series series = series_of(100);
    series.learnable[50] = 0;
    EXPECT_EQ(sums_of(series.history(), 100).windows, 79U - 22);
}

TEST(Window, SumsAreThoseOfTheDefinition) {
    const Series series = series_of(22);
    const auto sums = sums_of(series.history(), 1);
    double level = 0;
    for (std::size_t i = 12; i < 16; ++i) level += series.values[i] / 4;
    double error = 0;
    for (std::size_t h = 0; h < horizon; ++h) {
        error += std::abs(series.values[16 + h] - series.values[10 + h]) / horizon / 5.0;
    }
    const double weight = 1 / std::max(1.0, error / 1.5);
    const double x3 = (series.values[3] - level) / 5.0;
    const double x7 = (series.values[7] - level) / 5.0;
    const double y2 = (series.values[18] - level) / 5.0;
    EXPECT_NEAR(sums.gram(7, 3), weight * x3 * x7, 1e-12);
    EXPECT_NEAR(sums.cross(3, 2), weight * x3 * y2, 1e-12);
}

TEST(Window, AParallelShiftOfTheSeriesChangesNothing) {
    Series series = series_of(60);
    const auto before = sums_of(series.history(), 60);
    for (double& value : series.values) value += 1000;
    const auto after = sums_of(series.history(), 60);
    EXPECT_LT((before.cross - after.cross).cwiseAbs().maxCoeff(), 1e-9);
}

TEST(Window, SumsOfTwoSeriesAdd) {
    const auto a = sums_of(series_of(60, 1).history(), 60);
    const auto b = sums_of(series_of(60, 2).history(), 60);
    auto both = a;
    both.add(b);
    EXPECT_EQ(both.windows, a.windows + b.windows);
    const Eigen::MatrixXd any = Eigen::MatrixXd::Constant(16, 6, 0.01);
    EXPECT_NEAR(both.residual(any), a.residual(any) + b.residual(any), 1e-9);
}

TEST(Window, SolutionShrinksWithThePenalty) {
    const auto sums = sums_of(series_of(200).history(), 200);
    EXPECT_GT(sums.solve(1e-6, {}).norm(), sums.solve(1, {}).norm());
    EXPECT_LT(sums.solve(1e9, {}).norm(), 1e-6);
    EXPECT_TRUE(WindowSums(shape).solve(0.03, {}).allFinite()) << "without any window";
}

TEST(Window, LastOneIsReadAsALearntOne) {
    const Series series = series_of(40);
    Eigen::VectorXd lags(16);
    const double level = WindowReader(shape).read_last(series.history(), 5.0, lags);
    EXPECT_NEAR(lags(15) * 5.0 + level, series.values[39], 1e-9);
    EXPECT_NEAR(lags(0) * 5.0 + level, series.values[24], 1e-9);
}

TEST(WindowScale, IsTheDailyNaiveErrorOfWhatWasSeen) {
    Series series = series_of(8);
    series.values = {0, 0, 0, 0, 1, 2, 3, 4};
    series.learnable = {1, 1, 1, 1, 1, 1, 0, 1};
    EXPECT_DOUBLE_EQ(window_scale(series.history()), 7.0 / 3);
    EXPECT_EQ(window_scale(series.until(4, 0)), 0);
}

}  // namespace
}  // namespace sitepower::forecast::window_test
