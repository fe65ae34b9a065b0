#include "core/forecast/day_ahead/experts.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/forecast/day_ahead/conditional.hpp"
#include "core/forecast/day_ahead/kernel.hpp"

namespace sitepower::forecast {
namespace {

constexpr double farthest_deviations = 4;

bool all_finite(std::span<const double> values) {
    return std::ranges::all_of(values, [](double v) { return std::isfinite(v); });
}

bool is_known(const DayAheadSetup& setup, const Day& day) {
    const auto usable = [&](double v) {
        return std::isfinite(v) && (setup.target != DayTarget::load || v > 0);
    };
    return std::ranges::all_of(day.target, usable) &&
           std::ranges::all_of(day.covariates, [](const auto& c) { return all_finite(c); });
}

}  // namespace

DayExperts::DayExperts(const DayAheadSetup& setup)
    : setup_(setup),
      regressors_(setup),
      hours_(hour_penalties(regressors_, setup.slots)),
      capacity_(setup.longest_window_days() + longest_lag_days + setup.refit_days + 1) {}

void DayExperts::clear() {
    days_.clear();
    scaling_.reset();
    rolling_.clear();
    since_refit_ = 0;
}

void DayExperts::append(Day day, std::span<const double> fallback) {
    const bool observed = is_known(setup_, day);
    if (!observed) fill(day, fallback);
    days_.push_back({.day = std::move(day), .observed = observed, .features = {}});
    ++since_refit_;
    if (!stale()) {
        days_.back().features = features_of(setup_, *scaling_, days_.back().day);
        roll(days_.size() - 1);
    }
    if (days_.size() > capacity_) days_.pop_front();
}

// The forecast that was made for the slot, else its value a week before, else yesterday's. Such a day
// describes those after it, and is not learnt from.
void DayExperts::fill(Day& day, std::span<const double> fallback) const {
    const auto filled = [&](double value, std::size_t slot, const auto& of) {
        if (std::isfinite(value)) return value;
        if (days_.size() >= longest_lag_days) return of(days_[days_.size() - longest_lag_days].day)[slot];
        return days_.empty() ? no_value : of(days_.back().day)[slot];
    };
    for (std::size_t slot = 0; slot < setup_.slots; ++slot) {
        double& value = day.target[slot];
        if (setup_.target == DayTarget::load && !(value > 0)) value = no_value;
        if (!std::isfinite(value) && slot < fallback.size()) value = fallback[slot];
        value = filled(
            value, slot, [](const Day& d) -> const auto& { return d.target; });
        for (std::size_t c = 0; c < day.covariates.size(); ++c) {
            auto& covariate = day.covariates[c][slot];
            covariate = filled(
                covariate, slot, [c](const Day& d) -> const auto& { return d.covariates[c]; });
        }
    }
}

bool DayExperts::usable(std::size_t index) const {
    if (index < longest_lag_days || !days_[index].observed) return false;
    const auto observed = [&](std::size_t lag) { return days_[index - lag].observed; };
    return observed(1) && observed(longest_lag_days) &&
           std::ranges::all_of(setup_.target_lags_days, observed);
}

std::size_t DayExperts::usable_days() const {
    std::size_t count = 0;
    const std::size_t window = std::min(setup_.longest_window_days(), days_.size());
    for (std::size_t index = days_.size() - window; index < days_.size(); ++index) {
        count += usable(index) ? 1 : 0;
    }
    return count;
}

double DayExperts::seasonal_difference(std::size_t days) const {
    double sum = 0;
    double count = 0;
    for (std::size_t index = days_.size() - std::min(days, days_.size()); index < days_.size(); ++index) {
        if (index < longest_lag_days) continue;
        for (std::size_t slot = 0; slot < setup_.slots; ++slot) {
            const double difference =
                days_[index].day.target[slot] - days_[index - longest_lag_days].day.target[slot];
            if (!std::isfinite(difference)) continue;
            sum += std::abs(difference);
            count += 1;
        }
    }
    return count > 0 ? sum / count : 0;
}

Eigen::VectorXd DayExperts::row_of(std::size_t index) const {
    RecentDays recent{};
    for (std::size_t lag = 0; lag <= longest_lag_days; ++lag) {
        recent[lag] = &days_[index - lag].features;
    }
    Eigen::VectorXd row(static_cast<Eigen::Index>(regressors_.size()));
    regressors_.fill(recent, row);
    return row;
}

// The day at `last` enters the windows that end with it, and another one leaves.
void DayExperts::roll(std::size_t last) {
    for (auto& rolling : rolling_) {
        if (usable(last)) rolling.moments.add(row_of(last), days_[last].features.target);
        if (last < rolling.window_days) continue;
        const std::size_t left = last - rolling.window_days;
        if (usable(left)) rolling.moments.add(row_of(left), days_[left].features.target, -1);
    }
}

// Features by the present scaling, and the moments of the windows that end at `last`.
void DayExperts::rebuild(std::size_t last) {
    for (auto& kept : days_) {
        kept.features = features_of(setup_, *scaling_, kept.day);
    }
    rolling_.clear();
    for (const auto& window : setup_.windows) {
        if (window.days <= regressors_.size()) continue;
        Moments moments(static_cast<Eigen::Index>(regressors_.size()),
                        static_cast<Eigen::Index>(setup_.slots));
        for (std::size_t index = last + 1 - std::min(window.days, last + 1); index <= last; ++index) {
            if (usable(index)) moments.add(row_of(index), days_[index].features.target);
        }
        rolling_.push_back({.window_days = window.days, .moments = std::move(moments)});
    }
}

void DayExperts::refit() {
    std::vector<Day> days;
    days.reserve(days_.size());
    for (const auto& kept : days_) {
        days.push_back(kept.day);
    }
    scaling_ = Scaling::of(setup_, days);
    since_refit_ = 0;
    rebuild(days_.size() - 1);
}

DayExperts::Block DayExperts::block_of(std::size_t window_days) const {
    std::vector<std::size_t> indices;
    for (std::size_t index = days_.size() - std::min(window_days, days_.size()); index < days_.size();
         ++index) {
        if (usable(index)) indices.push_back(index);
    }
    Block block;
    const auto count = static_cast<Eigen::Index>(indices.size());
    block.rows.resize(count, static_cast<Eigen::Index>(regressors_.size()));
    block.targets.resize(count, static_cast<Eigen::Index>(setup_.slots));
    for (Eigen::Index i = 0; i < count; ++i) {
        block.rows.row(i) = row_of(indices[static_cast<std::size_t>(i)]).transpose();
        block.targets.row(i) = days_[indices[static_cast<std::size_t>(i)]].features.target.transpose();
    }
    block.scale = standardise(block.rows, block.targets);
    return block;
}

Opinions DayExperts::predict(const Day& today) {
    if (stale()) refit();
    const DayFeatures features = features_of(setup_, *scaling_, today);
    RecentDays recent{&features};
    for (std::size_t lag = 1; lag <= longest_lag_days; ++lag) {
        recent[lag] = &days_[days_.size() - lag].features;
    }
    Eigen::VectorXd row(static_cast<Eigen::Index>(regressors_.size()));
    regressors_.fill(recent, row);
    Opinions opinions;
    opinions.substitution_deviation = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(setup_.slots));
    if (!row.allFinite()) {
        opinions.substituted = true;
        opinions.substitution_deviation = complete(row);
    }
    opinions.experts.setConstant(static_cast<Eigen::Index>(setup_.experts()),
                                 static_cast<Eigen::Index>(setup_.slots), no_value);
    Eigen::Index at = 0;
    for (const auto& window : setup_.windows) {
        solve_linear(row, window, opinions.experts, at);
    }
    for (const auto& kernel : setup_.kernels) {
        solve_kernel(row, kernel, opinions.experts, at++);
    }
    to_unit(opinions);
    return opinions;
}

void DayExperts::solve_linear(const Eigen::VectorXd& row, const ExpertWindow& window, Eigen::MatrixXd& into,
                              Eigen::Index& at) const {
    const auto rolling = std::ranges::find(rolling_, window.days, &Rolling::window_days);
    if (rolling == rolling_.end()) return solve_dual(row, window, into, at);
    if (rolling->moments.count() < static_cast<double>(setup_.least_days)) {
        at += static_cast<Eigen::Index>(window.penalties.size());
        return;
    }
    const Standardised scale = rolling->moments.standardised();
    const Eigen::VectorXd standardised = standardised_row(scale, row);
    for (const double penalty : window.penalties) {
        const auto fit = RidgeFit::solve(scale, hours_, penalty * std::sqrt(scale.count));
        if (fit) into.row(at) = fit->predict(scale, standardised).transpose();
        ++at;
    }
}

void DayExperts::solve_dual(const Eigen::VectorXd& row, const ExpertWindow& window, Eigen::MatrixXd& into,
                            Eigen::Index& at) const {
    const auto count = static_cast<Eigen::Index>(window.penalties.size());
    const Block block = block_of(window.days);
    std::vector<double> penalties = window.penalties;
    for (double& penalty : penalties) {
        penalty *= std::sqrt(block.scale.count);
    }
    if (block.rows.rows() >= static_cast<Eigen::Index>(setup_.least_days / 2)) {
        const auto result =
            dual_ridge(block.rows, block.targets, standardised_row(block.scale, row), hours_, penalties);
        if (result) into.middleRows(at, count) = (result->colwise() + block.scale.target_mean).transpose();
    }
    at += count;
}

void DayExperts::solve_kernel(const Eigen::VectorXd& row, const KernelExpert& kernel, Eigen::MatrixXd& into,
                              Eigen::Index at) const {
    Block block = block_of(kernel.days);
    if (block.rows.rows() < static_cast<Eigen::Index>(setup_.least_days / 2)) return;
    const Eigen::VectorXd closeness = regressors_.closeness();
    block.rows =
        block.rows.cwiseMax(-farthest_deviations).cwiseMin(farthest_deviations) * closeness.asDiagonal();
    const Eigen::VectorXd weighted = standardised_row(block.scale, row).cwiseProduct(closeness);
    const auto result =
        kernel_ridge(block.rows, block.targets, weighted,
                     {.width = kernel.width, .gaussian = kernel.gaussian, .noise = kernel.noise});
    if (result) into.row(at) = (block.scale.target_mean + *result).transpose();
}

Eigen::VectorXd DayExperts::complete(Eigen::VectorXd& row) const {
    Moments moments(row.size(), static_cast<Eigen::Index>(setup_.slots));
    for (std::size_t index = days_.size() - std::min(setup_.longest_window_days(), days_.size());
         index < days_.size(); ++index) {
        if (usable(index)) moments.add(row_of(index), days_[index].features.target);
    }
    return complete_row(moments.standardised(), hours_, row);
}

// Back from the scale of the regressions; half the known range beyond the known extremes is as far as any
// expert may go.
void DayExperts::to_unit(Opinions& opinions) const {
    double low = std::numeric_limits<double>::max();
    double high = std::numeric_limits<double>::lowest();
    for (const auto& kept : days_) {
        if (!kept.observed) continue;
        low = std::min(low, kept.features.target.minCoeff());
        high = std::max(high, kept.features.target.maxCoeff());
    }
    const double margin = (high - low) / 2;
    for (Eigen::Index slot = 0; slot < opinions.experts.cols(); ++slot) {
        double sum = 0;
        for (Eigen::Index i = 0; i < opinions.experts.rows(); ++i) {
            double& value = opinions.experts(i, slot);
            if (std::isnan(value)) continue;
            value = std::clamp(value, low - margin, high + margin);
            sum = std::max(sum, slope_at(setup_.target, *scaling_, value));
            value = from_scale(setup_.target, *scaling_, value);
        }
        opinions.substitution_deviation[slot] *= sum;
    }
}

}  // namespace sitepower::forecast
