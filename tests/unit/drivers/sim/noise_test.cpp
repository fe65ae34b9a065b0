#include "drivers/sim/noise.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "drivers/sim/curve.hpp"

namespace sitepower::sim::noise_test {
namespace {

TEST(Noise, IsTheSameEverywhere) {
    Noise noise(1234567);
    EXPECT_EQ(noise.next(), 6457827717110365317ULL);  // first output of SplitMix64 as published
}

TEST(Noise, HasTheMeanAndTheSpreadThatWereAskedFor) {
    Noise noise(3);
    double sum = 0;
    double squares = 0;
    constexpr int count = 20'000;
    for (int i = 0; i < count; ++i) {
        const double value = noise.normal(2);
        ASSERT_TRUE(std::isfinite(value));
        sum += value;
        squares += value * value;
    }
    EXPECT_NEAR(sum / count, 0, 0.06);
    EXPECT_NEAR(std::sqrt(squares / count), 2, 0.05);
}

TEST(Curve, IsStraightBetweenItsPointsAndBeyondThem) {
    constexpr std::array<CurvePoint, 3> curve{{{0, 10}, {1, 20}, {3, 0}}};
    EXPECT_EQ(interpolate(curve, 0.5), 15);
    EXPECT_EQ(interpolate(curve, 1), 20);
    EXPECT_EQ(interpolate(curve, 2), 10);
    EXPECT_EQ(interpolate(curve, 4), -10);
    EXPECT_EQ(interpolate(curve, -1), 0);
}

}  // namespace
}  // namespace sitepower::sim::noise_test
