#include "core/forecast/day_ahead/moments.hpp"

#include <cmath>

namespace sitepower::forecast {
namespace {

// Below this variance, relative to the mean square, a column is constant and what is left is rounding.
constexpr double constant = 1e-10;

double inverse_deviation(double variance, double mean_square) {
    return variance > constant * (1 + mean_square) ? 1 / std::sqrt(variance) : 0.0;
}

}  // namespace

Standardised standardise(Eigen::MatrixXd& rows, Eigen::MatrixXd& targets) {
    Standardised result{.count = static_cast<double>(rows.rows()),
                        .mean = rows.colwise().mean().transpose(),
                        .inverse_deviation = {},
                        .target_mean = targets.colwise().mean().transpose(),
                        .gram = {},
                        .cross = {}};
    if (rows.rows() == 0) return result;
    rows.rowwise() -= result.mean.transpose();
    targets.rowwise() -= result.target_mean.transpose();
    const Eigen::VectorXd variance = rows.colwise().squaredNorm().transpose() / result.count;
    result.inverse_deviation =
        variance.binaryExpr(result.mean, [](double v, double m) { return inverse_deviation(v, v + m * m); });
    rows *= result.inverse_deviation.asDiagonal();
    return result;
}

Moments::Moments(Eigen::Index regressors, Eigen::Index targets)
    : row_sum_(Eigen::VectorXd::Zero(regressors)),
      target_sum_(Eigen::VectorXd::Zero(targets)),
      gram_(Eigen::MatrixXd::Zero(regressors, regressors)),
      cross_(Eigen::MatrixXd::Zero(regressors, targets)) {}

void Moments::add(const Eigen::VectorXd& row, const Eigen::VectorXd& target, double weight) {
    count_ += weight;
    row_sum_ += weight * row;
    target_sum_ += weight * target;
    gram_.selfadjointView<Eigen::Lower>().rankUpdate(row, weight);
    cross_.noalias() += weight * row * target.transpose();
}

Standardised Moments::standardised() const {
    Standardised result{.count = count_,
                        .mean = row_sum_ / count_,
                        .inverse_deviation = {},
                        .target_mean = target_sum_ / count_,
                        .gram = gram_.selfadjointView<Eigen::Lower>(),
                        .cross = cross_};
    const auto deviation_of = [](double mean_square, double mean) {
        return inverse_deviation(mean_square - mean * mean, mean_square);
    };
    result.inverse_deviation = (gram_.diagonal() / count_).binaryExpr(result.mean, deviation_of);
    result.gram.noalias() -= count_ * result.mean * result.mean.transpose();
    result.gram.array().colwise() *= result.inverse_deviation.array();
    result.gram.array().rowwise() *= result.inverse_deviation.transpose().array();
    result.cross.noalias() -= count_ * result.mean * result.target_mean.transpose();
    result.cross.array().colwise() *= result.inverse_deviation.array();
    return result;
}

}  // namespace sitepower::forecast
