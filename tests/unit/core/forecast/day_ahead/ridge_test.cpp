#include "core/forecast/day_ahead/ridge.hpp"

#include <gtest/gtest.h>

#include <Eigen/Cholesky>
#include <cmath>
#include <limits>

#include "tests/unit/core/forecast/day_ahead/synthetic_days.hpp"

namespace sitepower::forecast::ridge_test {
namespace {

constexpr Eigen::Index regressors = 12;
constexpr Eigen::Index slots = 4;

struct Problem {
    Eigen::MatrixXd rows;
    Eigen::MatrixXd targets;
    Eigen::VectorXd row;
    Standardised window;
    std::vector<HourPenalty> hours;
};

// Hour 0 serves slots 0 and 1; its regressors 0..2 are eased. Hour 1 eases 4 and 5.
std::vector<HourPenalty> penalties() {
    std::vector<HourPenalty> hours(2);
    hours[0] = {.slots = {0, 1}, .eased = {0, 1, 2}, .share = Eigen::Vector3d(0.1, 0.4, 0.4)};
    hours[1] = {.slots = {2, 3}, .eased = {4, 5}, .share = Eigen::Vector2d(0.1, 0.1)};
    return hours;
}

Problem problem(Eigen::Index days, double noise_size) {
    DayNoise noise(11);
    const auto random = [&noise](Eigen::Index r, Eigen::Index c) {
        return Eigen::MatrixXd(Eigen::MatrixXd::NullaryExpr(r, c, [&noise](auto, auto) { return noise(); }));
    };
    Problem p{.rows = random(days, regressors),
              .targets = {},
              .row = random(regressors, 1),
              .window = {},
              .hours = penalties()};
    p.targets = p.rows * random(regressors, slots) + noise_size * random(days, slots);
    Moments moments(regressors, slots);
    for (Eigen::Index i = 0; i < days; ++i) {
        moments.add(p.rows.row(i).transpose(), p.targets.row(i).transpose());
    }
    p.window = moments.standardised();
    return p;
}

// Straight from the definition, one system for each slot.
Eigen::VectorXd by_definition(const Problem& p, double penalty) {
    Eigen::VectorXd result(slots);
    const Eigen::VectorXd x = standardised_row(p.window, p.row);
    for (const auto& hour : p.hours) {
        Eigen::VectorXd weight = Eigen::VectorXd::Constant(regressors, penalty);
        for (std::size_t i = 0; i < hour.eased.size(); ++i) {
            weight[hour.eased[i]] *= hour.share[static_cast<Eigen::Index>(i)];
        }
        const Eigen::MatrixXd system = p.window.gram + Eigen::MatrixXd(weight.asDiagonal());
        for (const auto slot : hour.slots) {
            const Eigen::VectorXd b = system.ldlt().solve(p.window.cross.col(slot));
            result[slot] = p.window.target_mean[slot] + x.dot(b);
        }
    }
    return result;
}

TEST(DayRidge, RecoversLinearDataExactly) {
    const auto p = problem(60, 0);
    const auto fit = RidgeFit::solve(p.window, p.hours, 1e-9);
    ASSERT_TRUE(fit);
    for (Eigen::Index i = 0; i < p.rows.rows(); ++i) {
        const auto x = standardised_row(p.window, p.rows.row(i).transpose());
        EXPECT_LT((fit->predict(p.window, x) - p.targets.row(i).transpose()).norm(), 1e-6);
    }
}

TEST(DayRidge, OneFactorisationGivesWhatASystemForEachHourGives) {
    const auto p = problem(60, 0.5);
    for (const double penalty : {0.01, 1.0, 30.0, 1000.0}) {
        const auto fit = RidgeFit::solve(p.window, p.hours, penalty);
        ASSERT_TRUE(fit);
        const auto x = standardised_row(p.window, p.row);
        EXPECT_LT((fit->predict(p.window, x) - by_definition(p, penalty)).norm(), 1e-9) << penalty;
    }
}

TEST(DayRidge, TheDualFormGivesWhatThePrimalGives) {
    for (const Eigen::Index days : {8, 60}) {
        auto p = problem(days, 0.5);
        const auto x = standardised_row(p.window, p.row);
        const auto scale = standardise(p.rows, p.targets);
        const auto dual = dual_ridge(p.rows, p.targets, x, p.hours, {0.5, 20});
        ASSERT_TRUE(dual);
        for (const int i : {0, 1}) {
            const auto fit = RidgeFit::solve(p.window, p.hours, i == 0 ? 0.5 : 20);
            ASSERT_TRUE(fit);
            const Eigen::VectorXd primal = fit->predict(p.window, x) - scale.target_mean;
            EXPECT_LT((primal - dual->col(i)).norm(), 1e-9) << days;
        }
    }
}

TEST(DayRidge, AnInfinitePenaltyLeavesTheMean) {
    const auto p = problem(60, 0.5);
    const auto fit = RidgeFit::solve(p.window, p.hours, 1e12);
    ASSERT_TRUE(fit);
    EXPECT_LT((fit->predict(p.window, standardised_row(p.window, p.row)) - p.window.target_mean).norm(),
              1e-6);
}

TEST(DayRidge, EasedRegressorsKeepMoreOfTheirCoefficients) {
    const auto p = problem(60, 0);
    auto plain = p.hours;
    for (auto& hour : plain) {
        hour.share.setConstant(1 - 1e-9);
    }
    const auto eased = RidgeFit::solve(p.window, p.hours, 100);
    const auto equal = RidgeFit::solve(p.window, plain, 100);
    ASSERT_TRUE(eased && equal);
    EXPECT_GT(std::abs(eased->coefficients()(4, 2)), 1.2 * std::abs(equal->coefficients()(4, 2)));
}

TEST(DayRidge, WhatIsNotFiniteIsRefused) {
    auto p = problem(60, 0.5);
    p.window.gram(0, 0) = std::numeric_limits<double>::quiet_NaN();
    EXPECT_FALSE(RidgeFit::solve(p.window, p.hours, 1));
    p.rows(0, 0) = std::numeric_limits<double>::infinity();
    EXPECT_FALSE(dual_ridge(p.rows, p.targets, p.row, p.hours, {1.0}));
}

TEST(DayRidge, FarRegressorsAreBroughtBackToFourDeviations) {
    auto p = problem(60, 0.5);
    p.row[3] = 1e6;
    p.row[4] = -1e6;
    const auto x = standardised_row(p.window, p.row);
    EXPECT_EQ(x[3], 4);
    EXPECT_EQ(x[4], -4);
}

}  // namespace
}  // namespace sitepower::forecast::ridge_test
