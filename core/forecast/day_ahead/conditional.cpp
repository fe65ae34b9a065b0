#include "core/forecast/day_ahead/conditional.hpp"

#include <Eigen/Cholesky>
#include <cmath>
#include <cstddef>

namespace sitepower::forecast {
namespace {

constexpr double shrinkage = 0.01;  // of the correlations, so that short windows stay solvable

}  // namespace

Eigen::VectorXd complete_row(const Standardised& window, const std::vector<HourPenalty>& hours,
                             Eigen::VectorXd& row) {
    std::vector<Eigen::Index> known;
    std::vector<Eigen::Index> missing;
    for (Eigen::Index j = 0; j < row.size(); ++j) {
        (std::isfinite(row[j]) ? known : missing).push_back(j);
    }
    Eigen::MatrixXd correlation = window.gram / window.count;
    correlation.diagonal().array() += shrinkage;
    const Eigen::VectorXd standardised = standardised_row(window, row);
    const Eigen::MatrixXd across = correlation(known, missing);
    const Eigen::MatrixXd weights = correlation(known, known).llt().solve(across);
    const Eigen::VectorXd mean = weights.transpose() * standardised(known);
    const Eigen::MatrixXd covariance = correlation(missing, missing) - across.transpose() * weights;
    for (std::size_t i = 0; i < missing.size(); ++i) {
        const Eigen::Index j = missing[i];
        const double inverse = window.inverse_deviation[j];
        row[j] = window.mean[j] + (inverse > 0 ? mean[static_cast<Eigen::Index>(i)] / inverse : 0.0);
    }
    const auto fit = RidgeFit::solve(window, hours, 3 * std::sqrt(window.count));
    if (!fit) return Eigen::VectorXd::Zero(window.target_mean.size());
    const Eigen::MatrixXd b = fit->coefficients()(missing, Eigen::all);
    return (b.array() * (covariance * b).array()).colwise().sum().max(0.0).sqrt().transpose();
}

}  // namespace sitepower::forecast
