#include "core/dispatch/curve.hpp"

#include <cmath>

namespace sitepower::dispatch::curve_test {
namespace {

TEST(Curve, IsLinearBetweenItsPointsAndInfiniteOutside) {
    const Curve curve({{0, 1}, {2, 5}, {4, 3}});
    EXPECT_DOUBLE_EQ(curve.at(1), 3);
    EXPECT_DOUBLE_EQ(curve.at(3), 4);
    EXPECT_DOUBLE_EQ(curve.at(4), 3);
    EXPECT_TRUE(std::isinf(curve.at(4.1)));
    EXPECT_TRUE(std::isinf(Curve().at(0)));
}

TEST(Curve, CutsAtNewEndsAndKnowsWhenNothingIsLeft) {
    Curve curve({{0, 0}, {2, 4}, {4, 0}});
    EXPECT_TRUE(curve.cut(1, 3));
    EXPECT_DOUBLE_EQ(curve.least_x(), 1);
    EXPECT_DOUBLE_EQ(curve.at(1), 2);
    EXPECT_DOUBLE_EQ(curve.at(2), 4);
    EXPECT_FALSE(Curve({{0, 0}, {1, 1}}).cut(2, 3));
    Curve point({{0, 0}, {2, 4}});
    EXPECT_TRUE(point.cut(2, 9));
    EXPECT_EQ(point.points().size(), 1U);
}

TEST(Curve, TheMinimumIsTheMinimumEverywhere) {
    const Curve a({{0, 0}, {1, 3}, {3, -1}, {5, 4}});
    const Curve b({{2, 2}, {4, -2}, {7, 6}});
    Curve both = a;
    both.take_minimum(b);
    for (double x = 0; x <= 7; x += 0.01) {
        EXPECT_NEAR(both.at(x), std::min(a.at(x), b.at(x)), 1e-12) << x;
    }
}

TEST(Curve, TheMinimumOfWhatTouchesJoins) {
    Curve curve({{0, 0}, {1, 1}});
    curve.take_minimum(Curve({{1, 1}, {2, 0}}));
    EXPECT_DOUBLE_EQ(curve.at(0.5), 0.5);
    EXPECT_DOUBLE_EQ(curve.at(1.5), 0.5);
    EXPECT_EQ(curve.points().size(), 3U);
}

TEST(Curve, PointsOnALineAreDropped) {
    Curve curve({{0, 0}, {1, 1}, {2, 2}, {3, 0}});
    curve.simplify();
    EXPECT_EQ(curve.points().size(), 3U);
    EXPECT_DOUBLE_EQ(curve.at(1), 1);
}

TEST(Curve, StretchesOverALoss) {
    Curve curve({{0, 0}, {9, 9}});
    curve.stretch(0.9);
    EXPECT_DOUBLE_EQ(curve.most_x(), 10);
    EXPECT_DOUBLE_EQ(curve.at(10), 9);
}

}  // namespace
}  // namespace sitepower::dispatch::curve_test
