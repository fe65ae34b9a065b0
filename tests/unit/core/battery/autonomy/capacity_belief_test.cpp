#include "core/battery/autonomy/capacity_belief.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace sitepower::capacity_belief_test {
namespace {

constexpr NoiseParameters noise{.offset_c = 0.003, .capacity = 0.05};

// 100 Ah of which 90 are there, discharged with 20 A: it goes on as if 22.2 A flowed.
TEST(CapacityBeliefTest, AnOffsetThatIsTheCapacitysTellsIt) {
    constexpr NoiseParameters no_offset{.offset_c = 0, .capacity = 0.05};
    const CapacityBelief belief = learnt_capacity(no_offset, 100, -20, 20 / 0.9 - 20, 0.4);
    EXPECT_NEAR(belief.share, 0.9, 1e-9);
    EXPECT_NEAR(belief.sigma, 0.02, 1e-9);
}

TEST(CapacityBeliefTest, TheSlowerTheDischargeTheLessItTells) {
    double last_share = 0;
    double last_sigma = 0;
    for (const double current_a : {-50.0, -20.0, -10.0, -5.0, -1.0}) {
        const double offset_a = -0.1 * current_a;
        const CapacityBelief belief = learnt_capacity(noise, 100, current_a, offset_a, 0.01);
        EXPECT_GT(belief.share, last_share);
        EXPECT_LT(belief.share, 1);
        EXPECT_GT(belief.sigma, last_sigma);
        EXPECT_LE(belief.sigma, noise.capacity);
        last_share = belief.share;
        last_sigma = belief.sigma;
    }
}

TEST(CapacityBeliefTest, WithoutADischargeNothingIsLearnt) {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    for (const double current_a : {0.0, 5.0, nan}) {
        const CapacityBelief belief = learnt_capacity(noise, 100, current_a, 1, 0.1);
        EXPECT_EQ(belief.share, 1);
        EXPECT_EQ(belief.sigma, noise.capacity);
    }
    EXPECT_EQ(learnt_capacity(noise, 100, -10, nan, 0.1).share, 1);
    EXPECT_EQ(learnt_capacity({.capacity = 0}, 100, -10, 1, 0.1).share, 1);
}

TEST(CapacityBeliefTest, StaysWithinWhatABatteryCanHave) {
    for (const double offset_a : {-1e6, -15.0, 15.0, 1e6}) {
        const CapacityBelief belief = learnt_capacity(noise, 100, -20, offset_a, 0.1);
        EXPECT_GE(belief.share, 0.5);
        EXPECT_LE(belief.share, 1.3);
    }
}

TEST(CapacityBeliefTest, TwoTellMoreThanOne) {
    const CapacityBelief both = together({0.8, 0.02}, {1, 0.04});
    EXPECT_NEAR(both.share, 0.84, 1e-12);
    EXPECT_NEAR(both.sigma, 0.04 / std::sqrt(5), 1e-12);
}

}  // namespace
}  // namespace sitepower::capacity_belief_test
