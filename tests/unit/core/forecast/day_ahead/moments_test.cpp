#include "core/forecast/day_ahead/moments.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/unit/core/forecast/day_ahead/synthetic_days.hpp"

namespace sitepower::forecast::moments_test {
namespace {

constexpr Eigen::Index regressors = 6;
constexpr Eigen::Index targets = 3;

struct Sample {
    Eigen::VectorXd row{regressors};
    Eigen::VectorXd target{targets};
};

std::vector<Sample> samples(std::size_t count) {
    DayNoise noise(3);
    std::vector<Sample> result(count);
    for (auto& sample : result) {
        for (auto& value : sample.row) {
            value = 2 + noise();
        }
        for (auto& value : sample.target) {
            value = noise() + sample.row[0];
        }
    }
    return result;
}

Moments batch(const std::vector<Sample>& all, std::size_t from) {
    Moments moments(regressors, targets);
    for (std::size_t i = from; i < all.size(); ++i) {
        moments.add(all[i].row, all[i].target);
    }
    return moments;
}

TEST(DayMoments, ARollingWindowEqualsABatch) {
    const auto all = samples(3000);
    Moments rolling(regressors, targets);
    for (std::size_t i = 0; i < all.size(); ++i) {
        rolling.add(all[i].row, all[i].target);
        if (i >= 50) rolling.add(all[i - 50].row, all[i - 50].target, -1);
    }
    const auto a = rolling.standardised();
    const auto b = batch(all, all.size() - 50).standardised();
    EXPECT_DOUBLE_EQ(a.count, 50);
    EXPECT_LT((a.mean - b.mean).norm(), 1e-9);
    EXPECT_LT((a.inverse_deviation - b.inverse_deviation).norm(), 1e-9);
    EXPECT_LT((a.gram - b.gram).norm(), 1e-9 * b.gram.norm());
    EXPECT_LT((a.cross - b.cross).norm(), 1e-9 * b.cross.norm());
}

TEST(DayMoments, RegressorsHaveMeanSquareOneAndTheGramIsSymmetric) {
    const auto s = batch(samples(200), 0).standardised();
    for (Eigen::Index j = 0; j < regressors; ++j) {
        EXPECT_NEAR(s.gram(j, j), 200, 1e-9);
    }
    EXPECT_LT((s.gram - s.gram.transpose()).norm(), 1e-9);
}

TEST(DayMoments, AConstantRegressorTakesNoPart) {
    auto all = samples(100);
    for (auto& sample : all) {
        sample.row[2] = 0.7;
    }
    const auto s = batch(all, 0).standardised();
    EXPECT_EQ(s.inverse_deviation[2], 0);
    EXPECT_EQ(s.gram.row(2).norm(), 0);
    EXPECT_EQ(s.cross.row(2).norm(), 0);
    EXPECT_TRUE(s.gram.allFinite());
}

TEST(DayStandardise, AgreesWithTheMoments) {
    const auto all = samples(80);
    Eigen::MatrixXd rows(80, regressors);
    Eigen::MatrixXd wanted(80, targets);
    for (Eigen::Index i = 0; i < 80; ++i) {
        rows.row(i) = all[static_cast<std::size_t>(i)].row.transpose();
        wanted.row(i) = all[static_cast<std::size_t>(i)].target.transpose();
    }
    const auto direct = standardise(rows, wanted);
    const auto summed = batch(all, 0).standardised();
    EXPECT_LT((direct.mean - summed.mean).norm(), 1e-12);
    EXPECT_LT((direct.inverse_deviation - summed.inverse_deviation).norm(), 1e-9);
    EXPECT_LT((rows.transpose() * rows - summed.gram).norm(), 1e-9 * summed.gram.norm());
    EXPECT_LT((rows.transpose() * wanted - summed.cross).norm(), 1e-9 * summed.cross.norm());
    EXPECT_LT(wanted.colwise().mean().norm(), 1e-12);
}

}  // namespace
}  // namespace sitepower::forecast::moments_test
