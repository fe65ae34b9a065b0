#include "core/forecast/day_ahead/ridge.hpp"

#include <Eigen/Cholesky>

namespace sitepower::forecast {
namespace {

constexpr double farthest_deviations = 4;

bool same_hour(const DayRegressors& regressors, std::size_t slots, std::size_t a, std::size_t b) {
    return a * regressors.hours() / slots == b * regressors.hours() / slots;
}

}  // namespace

std::vector<HourPenalty> hour_penalties(const DayRegressors& regressors, std::size_t slots) {
    std::vector<HourPenalty> hours;
    for (std::size_t slot = 0; slot < slots; ++slot) {
        if (slot == 0 || !same_hour(regressors, slots, slot - 1, slot)) {
            hours.emplace_back();
            std::vector<double> shares;
            for (std::size_t j = 0; j < regressors.size(); ++j) {
                const double share = regressors.share(slot, j);
                if (share >= 1) continue;
                hours.back().eased.push_back(static_cast<Eigen::Index>(j));
                shares.push_back(share);
            }
            hours.back().share =
                Eigen::Map<Eigen::VectorXd>(shares.data(), static_cast<Eigen::Index>(shares.size()));
        }
        hours.back().slots.push_back(static_cast<Eigen::Index>(slot));
    }
    return hours;
}

Eigen::VectorXd standardised_row(const Standardised& window, const Eigen::VectorXd& row) {
    return ((row - window.mean).array() * window.inverse_deviation.array())
        .max(-farthest_deviations)
        .min(farthest_deviations);
}

// With K = (G + penalty I)^-1 and D = penalty (1 - share) on the eased regressors S, the coefficients are
// K b + K_S (D^-1 - K_SS)^-1 (K b)_S. K_SS is at most 1 / penalty, so the inner matrix is positive definite
// by at least (1 / (1 - share) - 1) / penalty.
std::optional<RidgeFit> RidgeFit::solve(const Standardised& window, const std::vector<HourPenalty>& hours,
                                        double penalty) {
    const Eigen::Index size = window.gram.rows();
    Eigen::MatrixXd system = window.gram;
    system.diagonal().array() += penalty;
    const Eigen::LLT<Eigen::MatrixXd> factor(system);
    if (factor.info() != Eigen::Success) return std::nullopt;
    const Eigen::MatrixXd inverse = factor.solve(Eigen::MatrixXd::Identity(size, size));
    RidgeFit fit;
    fit.coefficients_.noalias() = inverse * window.cross;
    for (const auto& hour : hours) {
        if (hour.eased.empty()) continue;
        Eigen::MatrixXd inner = -inverse(hour.eased, hour.eased);
        inner.diagonal().array() += 1 / (penalty * (1 - hour.share.array()));
        const Eigen::LLT<Eigen::MatrixXd> inner_factor(inner);
        if (inner_factor.info() != Eigen::Success) return std::nullopt;
        const Eigen::MatrixXd correction = inner_factor.solve(fit.coefficients_(hour.eased, hour.slots));
        fit.coefficients_(Eigen::all, hour.slots) += inverse(Eigen::all, hour.eased) * correction;
    }
    if (!fit.coefficients_.allFinite()) return std::nullopt;
    return fit;
}

Eigen::VectorXd RidgeFit::predict(const Standardised& window, const Eigen::VectorXd& standardised) const {
    return window.target_mean + coefficients_.transpose() * standardised;
}

std::optional<Eigen::MatrixXd> dual_ridge(const Eigen::MatrixXd& days, const Eigen::MatrixXd& targets,
                                          const Eigen::VectorXd& row, const std::vector<HourPenalty>& hours,
                                          const std::vector<double>& penalties) {
    const Eigen::MatrixXd plain = days * days.transpose();
    const Eigen::VectorXd plain_row = days * row;
    Eigen::MatrixXd result(targets.cols(), static_cast<Eigen::Index>(penalties.size()));
    for (const auto& hour : hours) {
        const Eigen::MatrixXd eased = days(Eigen::all, hour.eased);
        const Eigen::VectorXd extra = 1 / hour.share.array() - 1;
        const Eigen::MatrixXd weighted = eased * extra.asDiagonal();
        const Eigen::MatrixXd kernel = plain + weighted * eased.transpose();
        const Eigen::VectorXd kernel_row = plain_row + weighted * row(hour.eased);
        for (std::size_t i = 0; i < penalties.size(); ++i) {
            Eigen::MatrixXd system = kernel;
            system.diagonal().array() += penalties[i];
            const Eigen::LLT<Eigen::MatrixXd> factor(system);
            if (factor.info() != Eigen::Success) return std::nullopt;
            const Eigen::VectorXd weights = factor.solve(kernel_row);
            result(hour.slots, static_cast<Eigen::Index>(i)) =
                targets(Eigen::all, hour.slots).transpose() * weights;
        }
    }
    if (!result.allFinite()) return std::nullopt;
    return result;
}

}  // namespace sitepower::forecast
