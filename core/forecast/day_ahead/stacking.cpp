#include "core/forecast/day_ahead/stacking.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <utility>

namespace sitepower::forecast {
namespace {

constexpr int reweighting_steps = 5;

// Per column; NaN where all experts are unknown.
Eigen::RowVectorXd mean_of_known(const Eigen::MatrixXd& experts) {
    const auto known = (!experts.array().isNaN()).cast<double>();
    const auto values = experts.array().isNaN().select(0.0, experts.array());
    return values.colwise().sum() / known.colwise().sum();
}

double lower_median(Eigen::VectorXd values) {
    auto* middle = values.data() + values.size() / 2;
    std::nth_element(values.data(), middle, values.data() + values.size());
    return *middle;
}

// Deviations from the mean; 0 for an expert without a value, which then neither helps nor harms.
Eigen::MatrixXd deviations(const Eigen::MatrixXd& experts, const Eigen::RowVectorXd& mean) {
    const Eigen::MatrixXd result = experts.rowwise() - mean;
    return result.array().isNaN().select(0.0, result);
}

}  // namespace

Eigen::VectorXd least_absolute_ridge(const Eigen::MatrixXd& regressors, const Eigen::VectorXd& target,
                                     double penalty) {
    Eigen::VectorXd beta = Eigen::VectorXd::Zero(regressors.cols());
    const double floor = 0.5 * lower_median(target.cwiseAbs());
    if (!(floor > 0)) return beta;  // more than half of the days are met exactly: nothing to correct
    for (int step = 0; step < reweighting_steps; ++step) {
        const Eigen::VectorXd weight = (target - regressors * beta).cwiseAbs().cwiseMax(floor).cwiseInverse();
        Eigen::MatrixXd normal = regressors.transpose() * weight.asDiagonal() * regressors;
        const double ridge = penalty * normal.diagonal().mean();
        if (!(ridge > 0)) return Eigen::VectorXd::Zero(regressors.cols());
        normal.diagonal().array() += ridge;
        beta = normal.llt().solve(regressors.transpose() * (weight.asDiagonal() * target));
    }
    return beta.allFinite() ? beta : Eigen::VectorXd::Zero(regressors.cols());
}

Stacking::Stacking(std::vector<StackingWindow> windows) : windows_(std::move(windows)) {
    for (const auto& window : windows_) {
        capacity_ = std::max(capacity_, window.days);
    }
}

void Stacking::add(MaturedDay day) {
    const auto mean = mean_of_known(day.experts);
    day.actual -= mean.transpose();
    day.experts = deviations(day.experts, mean);
    days_.push_back(std::move(day));
    if (days_.size() > capacity_) days_.pop_front();
}

Eigen::VectorXd Stacking::combine(const Eigen::MatrixXd& experts) const {
    const Eigen::RowVectorXd mean = mean_of_known(experts);
    Eigen::VectorXd combined = mean.transpose();
    if (days_.size() < least_days) return combined;
    const auto deviation = deviations(experts, mean);
    for (const auto& window : windows_) {
        const auto beta = correction(window, experts.rows());
        const Eigen::VectorXd shift = deviation.transpose() * beta.head(experts.rows());
        combined += (shift.array() + beta[experts.rows()]).matrix() / static_cast<double>(windows_.size());
    }
    return combined;
}

// The coefficients of the experts, then the shift in units of the target. The shift's column is scaled to the
// experts' deviations, so that one penalty fits both.
Eigen::VectorXd Stacking::correction(const StackingWindow& window, Eigen::Index experts) const {
    const auto used = static_cast<Eigen::Index>(std::min(window.days, days_.size()));
    const Eigen::Index slots = days_.back().actual.size();
    Eigen::MatrixXd regressors(used * slots, experts + 1);
    Eigen::VectorXd target(used * slots);
    Eigen::Index at = 0;
    for (auto day = days_.end() - used; day != days_.end(); ++day) {
        for (Eigen::Index slot = 0; slot < slots; ++slot) {
            if (!std::isfinite(day->actual[slot])) continue;
            regressors.row(at).head(experts) = day->experts.col(slot).transpose();
            target[at++] = day->actual[slot];
        }
    }
    if (at == 0) return Eigen::VectorXd::Zero(experts + 1);
    const double unit =
        std::sqrt(regressors.topLeftCorner(at, experts).squaredNorm() / static_cast<double>(at * experts));
    regressors.col(experts).setConstant(unit);
    Eigen::VectorXd beta = least_absolute_ridge(regressors.topRows(at), target.head(at), window.penalty);
    beta[experts] *= unit;
    return beta;
}

void Stacking::save(BlobWriter& writer) const {
    writer.put(static_cast<std::uint64_t>(days_.size()));
    for (const auto& day : days_) {
        writer.put_all<double>({day.experts.data(), static_cast<std::size_t>(day.experts.size())});
        writer.put_all<double>({day.actual.data(), static_cast<std::size_t>(day.actual.size())});
    }
}

void Stacking::load(BlobReader& reader, Eigen::Index experts, Eigen::Index slots) {
    days_.clear();
    const auto count = reader.get<std::uint64_t>();
    if (count > capacity_) return reader.fail();
    for (std::uint64_t i = 0; i < count && reader.ok(); ++i) {
        MaturedDay day{.experts = Eigen::MatrixXd(experts, slots), .actual = Eigen::VectorXd(slots)};
        reader.get_all(std::span<double>(day.experts.data(), static_cast<std::size_t>(day.experts.size())));
        reader.get_all(std::span<double>(day.actual.data(), static_cast<std::size_t>(day.actual.size())));
        days_.push_back(std::move(day));
    }
}

}  // namespace sitepower::forecast
