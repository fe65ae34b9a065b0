#include "core/forecast/transform.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace sitepower::forecast::transform_test {
namespace {

TEST(Transform, GoesThereAndBack) {
    const std::vector<double> history{0, 5, 20, 3, 8};
    for (const Domain domain : {Domain::raw, Domain::log, Domain::asinh}) {
        const auto transform = Transform::fitted(domain, history);
        for (const double y : {0.0, 1e-3, 7.0, 1e6}) {
            EXPECT_NEAR(transform.inverse(transform.forward(y)), y, 1e-9 * (1 + y));
        }
    }
}

TEST(Transform, TakesNegativePricesInAsinh) {
    const auto transform = Transform::fitted(Domain::asinh, std::vector<double>{-50, 20, 30, 45, 900});
    EXPECT_NEAR(transform.inverse(transform.forward(-500)), -500, 1e-9);
    EXPECT_LT(transform.forward(-500), transform.forward(-50));
}

TEST(Transform, InLogNothingIsBelowZeroAndNothingInfinite) {
    const auto transform = Transform::fitted(Domain::log, std::vector<double>{1, 2});
    EXPECT_EQ(transform.inverse(-1e9), 0);
    EXPECT_TRUE(std::isfinite(transform.inverse(1e9)));
    EXPECT_TRUE(std::isfinite(transform.forward(-5)));
}

TEST(Transform, OfNothingOrAConstantStillWorks) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    for (const auto& history : std::vector<std::vector<double>>{{}, {0, 0, 0}, {nan, nan}, {4, 4}}) {
        for (const Domain domain : {Domain::raw, Domain::log, Domain::asinh}) {
            const auto transform = Transform::fitted(domain, history);
            EXPECT_NEAR(transform.inverse(transform.forward(3)), 3, 1e-12);
        }
    }
}

}  // namespace
}  // namespace sitepower::forecast::transform_test
