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
const Time last_hour = now - minutes{1};

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
        ASSERT_TRUE(accuracy.match(last_hour - minutes{i}, step(told.back()), actual.back()));
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
    for (int i = 0; i < 29; ++i) accuracy.match(last_hour, step(1), 2);
    EXPECT_EQ(accuracy.over(AccuracyWindow::hour, now, 1.0).n, 29U);
    EXPECT_FALSE(accuracy.over(AccuracyWindow::hour, now, 1.0).mae);
    accuracy.match(last_hour, step(1), 2);
    EXPECT_EQ(accuracy.over(AccuracyWindow::hour, now, 1.0).mae, 1);
}

TEST(Accuracy, WhatIsUndefinedIsNull) {
    Accuracy accuracy;
    for (int i = 0; i < 40; ++i) accuracy.match(last_hour, step(1), 0);
    const auto figures = accuracy.over(AccuracyWindow::hour, now, std::nullopt);
    EXPECT_FALSE(figures.mape_pct) << "all actual values are 0";
    EXPECT_EQ(figures.n_percent, 0U);
    EXPECT_FALSE(figures.r2) << "a constant has no variance to explain";
    EXPECT_FALSE(figures.mase);
    EXPECT_EQ(figures.smape_pct, 200);
}

TEST(Accuracy, AWindowIsOfItsLastHoursThatAreOver) {
    Accuracy accuracy;
    for (int h = 0; h < 40 * 24; ++h) {
        for (int i = 0; i < 40; ++i) accuracy.match(now - hours{40 * 24 - 1 - h}, step(0), h);
    }
    for (const Time time : {now, now + minutes{28}, now + minutes{59}}) {
        EXPECT_EQ(accuracy.over(AccuracyWindow::hour, time, {}).n, 40U);
        EXPECT_NEAR(*accuracy.over(AccuracyWindow::hour, time, {}).mae, 40 * 24 - 2, 1e-9)
            << "not of the hour that runs";
        EXPECT_EQ(accuracy.over(AccuracyWindow::day, time, {}).n, 24U * 40);
        EXPECT_EQ(accuracy.over(AccuracyWindow::week, time, {}).n, 7U * 24 * 40);
        EXPECT_EQ(accuracy.over(AccuracyWindow::month, time, {}).n, 30U * 24 * 40);
    }
    EXPECT_EQ(accuracy.over(AccuracyWindow::month, now + hours{30 * 24 + 1}, {}).n, 0U);
}

TEST(Accuracy, ManyForecastsOfOneValueCountAsOne) {
    Accuracy accuracy;
    const std::vector said(48, step(1));
    for (int h = 0; h < 29; ++h) ASSERT_TRUE(accuracy.match(last_hour - hours{h}, said, 2));
    const auto few = accuracy.over(AccuracyWindow::week, now, 1.0);
    EXPECT_EQ(few.n, 29U * 48);
    EXPECT_EQ(few.n_actual, 29U);
    EXPECT_FALSE(few.mae);
    EXPECT_FALSE(accuracy.match(last_hour - hours{29}, std::span<const IssuedStep>(), 2))
        << "nothing was said of it";
    ASSERT_TRUE(accuracy.match(last_hour - hours{29}, said, 2));
    ASSERT_TRUE(accuracy.correct(last_hour, said, 2, 4));
    const auto enough = accuracy.over(AccuracyWindow::week, now, 1.0);
    EXPECT_EQ(enough.n_actual, 30U);
    EXPECT_NEAR(*enough.mae, (29.0 + 3) / 30, 1e-12);
}

TEST(Accuracy, LateActualsCountAndTooLateOnesAreRefused) {
    Accuracy accuracy;
    for (int i = 0; i < 30; ++i) ASSERT_TRUE(accuracy.match(last_hour, step(1), 1));
    for (int i = 0; i < 30; ++i) EXPECT_TRUE(accuracy.match(now - hours{5}, step(1), 3));
    EXPECT_NEAR(*accuracy.over(AccuracyWindow::day, now, {}).mae, 1, 1e-12);
    EXPECT_FALSE(accuracy.match(now - hours{31 * 24}, step(1), 1));
    EXPECT_FALSE(accuracy.match(now, step(1), NAN));
}

TEST(Accuracy, ACorrectedActualTakesThePlaceOfTheFirst) {
    Accuracy corrected;
    Accuracy right;
    for (int i = 0; i < 50; ++i) {
        corrected.match(last_hour, step(10), 12 + i);
        right.match(last_hour, step(10), 9 - i);
    }
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(corrected.correct(last_hour, step(10), 12 + i, 9 - i));
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
