#include "core/forecast/day_ahead/kernel.hpp"

#include <Eigen/Cholesky>

namespace sitepower::forecast {

std::optional<Eigen::VectorXd> kernel_ridge(const Eigen::MatrixXd& days, const Eigen::MatrixXd& targets,
                                            const Eigen::VectorXd& row, const KernelShape& shape) {
    const Eigen::Index count = days.rows();
    const double scale = -0.5 / (shape.width * shape.width);
    Eigen::MatrixXd kernel = Eigen::MatrixXd::Zero(count, count);
    kernel.selfadjointView<Eigen::Lower>().rankUpdate(days);
    const Eigen::ArrayXd square = kernel.diagonal();
    for (Eigen::Index j = 0; j < count; ++j) {
        auto column = kernel.col(j).tail(count - j).array();
        column += shape.gaussian * (scale * (square.tail(count - j) + square[j] - 2 * column)).exp();
    }
    kernel.diagonal().array() += shape.noise;
    Eigen::ArrayXd similarity = days * row;
    similarity += shape.gaussian * (scale * (square + row.squaredNorm() - 2 * similarity)).exp();
    const Eigen::LLT<Eigen::Ref<Eigen::MatrixXd>> factor(kernel);  // in place
    if (factor.info() != Eigen::Success) return std::nullopt;
    const Eigen::VectorXd result = targets.transpose() * factor.solve(similarity.matrix());
    if (!result.allFinite()) return std::nullopt;
    return result;
}

}  // namespace sitepower::forecast
