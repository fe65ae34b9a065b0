#include "core/battery/rul/trajectory/history.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/battery/rul/trajectory/log_grid.hpp"
#include "tests/unit/core/battery/rul/trajectory/fades.hpp"

namespace sitepower::history_test {
namespace {

FadeHistory of(const FadeShape& shape) {
    return {shape.age, shape.health};
}

TEST(HistoryKnots, FollowASmoothFade) {
    const FadeShape shape = fade_of(1000, 1.3, 0.6);
    const HistoryKnots knots = knots_of(of(shape));
    EXPECT_EQ(knots.present_age, 600);
    EXPECT_EQ(knots.known, HistoryKnots::count);
    for (int i = 0; i < knots.known; ++i) {
        const double age = 600 * std::exp(-log_grid::step * HistoryKnots::spacing * i);
        EXPECT_NEAR(knots.health[static_cast<std::size_t>(i)], 1 - 0.2 * std::pow(age / 1000, 1.3), 0.001)
            << i;
    }
}

TEST(HistoryKnots, OneWildMeasurementHardlyMovesThem) {
    FadeShape shape = fade_of(1000, 1.3, 0.6);
    const double before = knots_of(of(shape)).health[0];
    shape.health[shape.health.size() - 3] = 0.2;
    EXPECT_NEAR(knots_of(of(shape)).health[0], before, 0.01);
}

TEST(HistoryKnots, StopAtTheFirstCycle) {
    const FadeShape shape = fade_of(1000, 1, 0.003);
    const HistoryKnots knots = knots_of(of(shape));
    EXPECT_LT(knots.known, HistoryKnots::count);
    EXPECT_GT(knots.known, 1);
}

TEST(HistoryKnots, ASingleMeasurementIsItsOwnKnot) {
    const FadeShape shape{.age = {40}, .health = {0.93}};
    const HistoryKnots knots = knots_of(of(shape));
    EXPECT_NEAR(knots.health[0], 0.93, 1e-12);
}

TEST(HistoryKnots, AGapTakesTheNearestMeasurement) {
    const FadeShape shape{.age = {1, 2, 1000}, .health = {1, 0.99, 0.8}};
    const HistoryKnots knots = knots_of(of(shape));
    EXPECT_NEAR(knots.health[0], 0.8, 1e-9);
    for (int i = 0; i < knots.known; ++i) {
        EXPECT_GE(knots.health[static_cast<std::size_t>(i)], 0.8 - 1e-9);
        EXPECT_LE(knots.health[static_cast<std::size_t>(i)], 1 + 1e-9);
    }
}

TEST(LinearLife, IsExactForAStraightFade) {
    const FadeShape shape = fade_of(1000, 1, 0.4);
    EXPECT_NEAR(linear_life(of(shape), 0.8, 1e6), 600, 1e-6);
}

TEST(LinearLife, NeverBeyondTheLongest) {
    const FadeShape flat{.age = {1, 2, 3, 4}, .health = {0.9, 0.9, 0.9, 0.9}};
    EXPECT_EQ(linear_life(of(flat), 0.8, 500), 500);
    const FadeShape rising{.age = {1, 2, 3, 4}, .health = {0.9, 0.91, 0.92, 0.93}};
    EXPECT_EQ(linear_life(of(rising), 0.8, 500), 500);
    const FadeShape single{.age = {7}, .health = {0.9}};
    EXPECT_EQ(linear_life(of(single), 0.8, 500), 500);
}

TEST(LinearLife, IsNothingBelowTheLevel) {
    const FadeShape shape = fade_of(100, 1, 1.5);
    EXPECT_EQ(linear_life(of(shape), 0.8, 1e6), 0);
}

}  // namespace
}  // namespace sitepower::history_test
