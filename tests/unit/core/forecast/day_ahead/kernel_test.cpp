#include "core/forecast/day_ahead/kernel.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/unit/core/forecast/day_ahead/synthetic_days.hpp"

namespace sitepower::forecast::kernel_test {
namespace {

// A bend that no linear regression follows: |x|.
struct Bent {
    Eigen::MatrixXd days{60, 1};
    Eigen::MatrixXd targets{60, 1};

    Bent() {
        for (Eigen::Index i = 0; i < 60; ++i) {
            days(i, 0) = -1.5 + 3.0 * static_cast<double>(i) / 59;
            targets(i, 0) = std::abs(days(i, 0)) - 0.76;
        }
    }
    double at(double x, const KernelShape& shape) const {
        const auto result = kernel_ridge(days, targets, Eigen::VectorXd::Constant(1, x), shape);
        return result ? (*result)[0] : std::numeric_limits<double>::quiet_NaN();
    }
};

TEST(KernelRidge, FollowsABend) {
    const Bent bent;
    const KernelShape shape{.width = 0.5, .gaussian = 5, .noise = 0.01};
    for (const double x : {-1.2, -0.6, 0.7, 1.3}) {
        EXPECT_NEAR(bent.at(x, shape), std::abs(x) - 0.76, 0.05) << x;
    }
}

TEST(KernelRidge, WithoutTheGaussianPartItIsLinearRidge) {
    const Bent bent;
    const KernelShape linear{.width = 1, .gaussian = 0, .noise = 0.5};
    const double slope = (bent.days.transpose() * bent.targets)(0) / (bent.days.squaredNorm() + 0.5);
    EXPECT_NEAR(bent.at(0.7, linear), 0.7 * slope, 1e-10);
}

TEST(KernelRidge, FarFromAllDaysOnlyTheLinearPartIsLeft) {
    const Bent bent;
    const KernelShape shape{.width = 0.3, .gaussian = 5, .noise = 0.1};
    const double once = bent.at(40, shape);
    EXPECT_NEAR(bent.at(80, shape), 2 * once, 1e-6);
}

TEST(KernelRidge, MoreNoiseTrustsTheDaysLess) {
    const Bent bent;
    const double trusted = bent.at(0, {.width = 0.5, .gaussian = 5, .noise = 0.01});
    const double doubted = bent.at(0, {.width = 0.5, .gaussian = 5, .noise = 1000});
    EXPECT_LT(std::abs(doubted), 0.2 * std::abs(trusted));
}

TEST(KernelRidge, WhatIsNotFiniteIsRefused) {
    Bent bent;
    bent.days(3, 0) = std::numeric_limits<double>::quiet_NaN();
    EXPECT_FALSE(kernel_ridge(bent.days, bent.targets, Eigen::VectorXd::Constant(1, 0.0), {}));
}

TEST(KernelRidge, OneDayIsEnoughNotToFail) {
    const Eigen::MatrixXd one = Eigen::MatrixXd::Ones(1, 2);
    const auto result = kernel_ridge(one, Eigen::MatrixXd::Zero(1, 3), Eigen::VectorXd::Ones(2), {});
    ASSERT_TRUE(result);
    EXPECT_EQ(result->norm(), 0);
}

}  // namespace
}  // namespace sitepower::forecast::kernel_test
