#include "core/forecast/combination.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

namespace sitepower::forecast::combination_test {
namespace {

double midmean(std::vector<WeightedValue> values) {
    return weighted_midmean(values);
}

TEST(WeightedMidmean, IsTheMeanOfTheMiddleHalf) {
    EXPECT_DOUBLE_EQ(midmean({{1, 1}, {2, 1}, {3, 1}, {100, 1}}), 2.5);
    EXPECT_DOUBLE_EQ(midmean({{7, 0.2}}), 7);
    EXPECT_DOUBLE_EQ(midmean({{1, 1}, {3, 1}}), 2);
}

TEST(WeightedMidmean, HoldsAgainstOneThatFails) {
    const double sane = midmean({{10, 1}, {11, 1}, {12, 1}, {13, 1}, {1e9, 1}});
    EXPECT_GT(sane, 10);
    EXPECT_LT(sane, 13.1);
}

TEST(WeightedMidmean, LeavesOutWhatIsNoValue) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    EXPECT_DOUBLE_EQ(midmean({{nan, 1}, {5, 1}, {9, 0}, {INFINITY, 2}, {3, nan}}), 5);
    EXPECT_EQ(midmean({}), 0);
    EXPECT_EQ(midmean({{4, 0}}), 0);
}

TEST(WeightedMidmean, LiesBetweenAndMovesWithItsValues) {
    std::vector<WeightedValue> values{{3, 0.5}, {-2, 0.1}, {8, 0.2}, {5, 0.9}};
    const double before = midmean(values);
    EXPECT_GE(before, -2);
    EXPECT_LE(before, 8);
    for (auto& value : values) value.value += 10;
    EXPECT_NEAR(midmean(values), before + 10, 1e-12);
}

TEST(MemberWeights, FavourSmallErrorsAndSumToOne) {
    const std::array<std::optional<double>, 4> errors{0.1, 0.5, std::nullopt, INFINITY};
    std::array<double, 4> weights{};
    member_weights(errors, weights);
    EXPECT_GT(weights[0], weights[1]);
    EXPECT_EQ(weights[2], 0);
    EXPECT_EQ(weights[3], 0);
    EXPECT_NEAR(weights[0] + weights[1], 1, 1e-12);
    EXPECT_NEAR(weights[0] / weights[1], std::pow(0.52 / 0.12, 2), 1e-9);
}

TEST(MemberWeights, OfNobodyAreZero) {
    const std::array<std::optional<double>, 2> errors{};
    std::array<double, 2> weights{1, 1};
    member_weights(errors, weights);
    EXPECT_EQ(weights[0] + weights[1], 0);
}

}  // namespace
}  // namespace sitepower::forecast::combination_test
