// Adds one row to a Gram matrix: what every sample costs an expert. Column by column, without a temporary.
#pragma once

#include <Eigen/Core>

namespace sitepower::forecast {

// gram += weight x x', lower triangle only; the sizes must agree.
inline void rank_update(Eigen::MatrixXd& gram, const Eigen::Ref<const Eigen::VectorXd>& x, double weight) {
    for (Eigen::Index column = 0; column < x.size(); ++column) {
        const Eigen::Index below = x.size() - column;
        gram.col(column).tail(below) += weight * x(column) * x.tail(below);
    }
}

}  // namespace sitepower::forecast
