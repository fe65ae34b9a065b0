#include "core/forecast/day_ahead/conditional.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/unit/core/forecast/day_ahead/synthetic_days.hpp"

namespace sitepower::forecast::conditional_test {
namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

// DayRegressor 1 follows regressor 0, regressor 2 is on its own; the target follows 1 and 2.
Standardised window() {
    DayNoise noise(4);
    Moments moments(3, 1);
    for (int i = 0; i < 500; ++i) {
        Eigen::VectorXd row(3);
        row[0] = 5 + noise();
        row[1] = 2 * row[0] + 0.1 * noise();
        row[2] = noise();
        moments.add(row, Eigen::VectorXd::Constant(1, row[1] + row[2]));
    }
    return moments.standardised();
}

std::vector<HourPenalty> no_easing() {
    return {{.slots = {0}, .eased = {}, .share = {}}};
}

TEST(DayConditional, AnUnknownRegressorTakesItsMeanGivenTheOthers) {
    Eigen::VectorXd row(3);
    row << 5.8, unknown, 0.3;
    const auto deviation = complete_row(window(), no_easing(), row);
    EXPECT_NEAR(row[1], 11.6, 0.1);
    EXPECT_EQ(row[0], 5.8);
    EXPECT_GT(deviation[0], 0);
}

TEST(DayConditional, WhatNothingTellsTakesTheMeanAndWidensMore) {
    Eigen::VectorXd told(3);
    told << 5.8, unknown, 0.3;
    Eigen::VectorXd untold(3);
    untold << 5.8, 11.6, unknown;
    const double narrow = complete_row(window(), no_easing(), told)[0];
    const double wide = complete_row(window(), no_easing(), untold)[0];
    EXPECT_NEAR(untold[2], 0, 0.1);
    EXPECT_GT(wide, 2 * narrow);
    EXPECT_NEAR(wide, 1 / std::sqrt(3.0), 0.2);  // the deviation of a uniform of -1..1, through a slope of 1
}

TEST(DayConditional, WithEverythingUnknownTheRowIsTheMean) {
    const auto w = window();
    Eigen::VectorXd row = Eigen::VectorXd::Constant(3, unknown);
    complete_row(w, no_easing(), row);
    EXPECT_LT((row - w.mean).norm(), 1e-9);
}

}  // namespace
}  // namespace sitepower::forecast::conditional_test
