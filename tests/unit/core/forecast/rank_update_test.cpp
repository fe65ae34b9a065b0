#include "core/forecast/rank_update.hpp"

#include <gtest/gtest.h>

namespace sitepower::forecast::rank_update_test {
namespace {

TEST(RankUpdate, AddsTheOuterProductBelowTheDiagonal) {
    Eigen::MatrixXd gram = Eigen::MatrixXd::Constant(3, 3, 1);
    const Eigen::Vector3d x(1, 2, 3);
    rank_update(gram, x, 2);
    for (Eigen::Index row = 0; row < 3; ++row) {
        for (Eigen::Index column = 0; column < 3; ++column) {
            EXPECT_EQ(gram(row, column), row >= column ? 1 + 2 * x(row) * x(column) : 1);
        }
    }
}

TEST(RankUpdate, OfNothingIsNothing) {
    Eigen::MatrixXd gram(0, 0);
    rank_update(gram, Eigen::VectorXd(0), 1);
    EXPECT_EQ(gram.size(), 0);
}

}  // namespace
}  // namespace sitepower::forecast::rank_update_test
