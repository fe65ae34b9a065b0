#include "core/forecast/accuracy.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <vector>

#include "core/forecast/scores.hpp"
#include "tests/unit/core/forecast/synthetic.hpp"

namespace sitepower::forecast::accuracy_test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

const Time now = *parse_time("2026-11-27T12:00:00Z");

// Its point is not what is told, and must not count.
IssuedStep step(double p50) {
    return {.point = p50 + 1000,
            .quantiles = {.p50 = p50,
                          .p90 = p50 + 5,
                          .p99 = p50 + 9,
                          .lower95 = p50 - 6,
                          .upper95 = p50 + 6,
                          .calibrated = true,
                          .p99_calibrated = true}};
}

TEST(Accuracy, EqualsTheScoresOfThePairs) {
    Noise noise(4);
    std::vector<double> actual;
    std::vector<double> told;
    Accuracy accuracy;
    for (int i = 0; i < 500; ++i) {
        actual.push_back(1e6 + 10 * noise.next());  // far from zero: sums of squares must not cancel
        told.push_back(actual.back() + 3 * noise.next());
        ASSERT_TRUE(accuracy.match(now - minutes{i}, step(told.back()), actual.back()));
    }
    const auto figures = accuracy.over(AccuracyWindow::day, now, 2.0);
    EXPECT_EQ(figures.n, 500U);
    EXPECT_NEAR(*figures.mae, *mean_absolute_error(actual, told), 1e-9);
    EXPECT_NEAR(*figures.rmse, *root_mean_square_error(actual, told), 1e-9);
    EXPECT_NEAR(*figures.mape_pct, *mape_pct(actual, told), 1e-9);
    EXPECT_NEAR(*figures.smape_pct, *smape_pct(actual, told), 1e-9);
    EXPECT_NEAR(*figures.mase, *mean_absolute_error(actual, told) / 2, 1e-9);
    EXPECT_NEAR(*figures.r2, *r_squared(actual, told), 1e-6);
    EXPECT_NEAR(*figures.pinball50, *figures.mae / 2, 1e-9);
    EXPECT_EQ(*figures.coverage95, 1);
    EXPECT_NEAR(*figures.mean_width, 12, 1e-6);
    EXPECT_NEAR(*figures.msis, 6, 1e-6);
}

TEST(Accuracy, BelowThirtyMatchesNothingIsClaimed) {
    Accuracy accuracy;
    for (int i = 0; i < 29; ++i) accuracy.match(now, step(1), 2);
    EXPECT_EQ(accuracy.over(AccuracyWindow::hour, now, 1.0).n, 29U);
    EXPECT_FALSE(accuracy.over(AccuracyWindow::hour, now, 1.0).mae);
    accuracy.match(now, step(1), 2);
    EXPECT_EQ(accuracy.over(AccuracyWindow::hour, now, 1.0).mae, 1);
}

TEST(Accuracy, WhatIsUndefinedIsNull) {
    Accuracy accuracy;
    for (int i = 0; i < 40; ++i) accuracy.match(now, step(1), 0);
    const auto figures = accuracy.over(AccuracyWindow::hour, now, std::nullopt);
    EXPECT_FALSE(figures.mape_pct) << "all actual values are 0";
    EXPECT_EQ(figures.n_percent, 0U);
    EXPECT_FALSE(figures.r2) << "a constant has no variance to explain";
    EXPECT_FALSE(figures.mase);
    EXPECT_EQ(figures.smape_pct, 200);
}

TEST(Accuracy, WindowsAreWindows) {
    Accuracy accuracy;
    for (int h = 0; h < 40 * 24; ++h) {
        for (int i = 0; i < 40; ++i) accuracy.match(now - hours{40 * 24 - 1 - h}, step(0), h);
    }
    EXPECT_EQ(accuracy.over(AccuracyWindow::hour, now, {}).n, 2U * 40) << "never less than an hour";
    EXPECT_EQ(accuracy.over(AccuracyWindow::day, now, {}).n, 25U * 40);
    EXPECT_EQ(accuracy.over(AccuracyWindow::week, now, {}).n, 169U * 40);
    EXPECT_EQ(accuracy.over(AccuracyWindow::month, now, {}).n, 721U * 40) << "no more is kept";
}

TEST(Accuracy, LateActualsCountAndTooLateOnesAreRefused) {
    Accuracy accuracy;
    for (int i = 0; i < 30; ++i) ASSERT_TRUE(accuracy.match(now, step(1), 1));
    for (int i = 0; i < 30; ++i) EXPECT_TRUE(accuracy.match(now - hours{5}, step(1), 3));
    EXPECT_NEAR(*accuracy.over(AccuracyWindow::day, now, {}).mae, 1, 1e-12);
    EXPECT_FALSE(accuracy.match(now - hours{31 * 24}, step(1), 1));
    EXPECT_FALSE(accuracy.match(now, step(1), NAN));
}

TEST(Accuracy, ACorrectedActualTakesThePlaceOfTheFirst) {
    Accuracy corrected;
    Accuracy right;
    for (int i = 0; i < 50; ++i) {
        corrected.match(now, step(10), 12 + i);
        right.match(now, step(10), 9 - i);
    }
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(corrected.correct(now, step(10), 12 + i, 9 - i));
    const auto a = corrected.over(AccuracyWindow::day, now, 1.0);
    const auto b = right.over(AccuracyWindow::day, now, 1.0);
    EXPECT_EQ(a.n, b.n);
    EXPECT_NEAR(*a.mae, *b.mae, 1e-9);
    EXPECT_NEAR(*a.r2, *b.r2, 1e-9);
    EXPECT_NEAR(*a.coverage95, *b.coverage95, 1e-9);
    EXPECT_FALSE(right.correct(now - hours{3}, step(10), 1, 2)) << "nothing was matched there";
}

}  // namespace
}  // namespace sitepower::forecast::accuracy_test
