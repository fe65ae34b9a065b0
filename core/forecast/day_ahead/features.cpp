#include "core/forecast/day_ahead/features.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <numbers>

namespace sitepower::forecast {
namespace {

constexpr std::size_t hours_of_day = 24;
constexpr std::array<std::size_t, 3> covariate_lags_days{0, 1, 7};
constexpr std::array<std::size_t, 3> holiday_lags_days{0, 1, 7};

// Heating and cooling degrees: load bends about where buildings start to be heated and cooled.
constexpr std::size_t bends = 4;
double bend(std::size_t which, double temperature_c) {
    switch (which) {
        case 1:
            return std::max(16 - temperature_c, 0.0) / 5;
        case 2:
            return std::max(temperature_c - 22, 0.0) / 5;
        case 3:
            return std::max(temperature_c - 30, 0.0) / 5;
        default:
            return (temperature_c - 16) / 5;
    }
}

double median_of_finite(std::vector<double>& values) {
    if (values.empty()) return 0;
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::ranges::nth_element(values, middle);
    return *middle;
}

// NaN where any of the slots of the hour is.
Eigen::VectorXd by_hour(const Eigen::VectorXd& slots, std::size_t hours) {
    const auto steps = slots.size() / static_cast<Eigen::Index>(hours);
    return slots.reshaped(steps, static_cast<Eigen::Index>(hours)).colwise().mean().transpose();
}

std::size_t hours_for(std::size_t slots) {
    return slots % hours_of_day == 0 ? hours_of_day : slots;
}

double bent_mean(std::size_t which, const Eigen::VectorXd& temperature_c) {
    return temperature_c.unaryExpr([which](double t) { return bend(which, t); }).mean();
}

}  // namespace

Scaling Scaling::of(const DayAheadSetup& setup, std::span<const Day> days) {
    std::vector<double> values;
    const auto keep = [&values](double value) {
        if (std::isfinite(value)) values.push_back(value);
    };
    for (const auto& day : days) {
        std::ranges::for_each(day.target, keep);
    }
    Scaling scaling;
    scaling.location = median_of_finite(values);
    for (double& value : values) {
        value = std::abs(value - scaling.location);
    }
    const double deviation = 1.4826 * median_of_finite(values);
    scaling.scale = deviation > 0 ? deviation : 1;
    for (std::size_t c = 0; c < setup.covariates.size(); ++c) {
        values.clear();
        for (const auto& day : days) {
            std::ranges::for_each(day.covariates[c], keep);
        }
        const Eigen::Map<const Eigen::ArrayXd> all(values.data(), static_cast<Eigen::Index>(values.size()));
        const double mean = values.empty() ? 0 : all.mean();
        const double spread = values.empty() ? 0 : std::sqrt((all - mean).square().mean());
        scaling.covariate_mean.push_back(mean);
        scaling.covariate_deviation.push_back(spread > 0 ? spread : 1);
    }
    return scaling;
}

double to_scale(DayTarget target, const Scaling& scaling, double value) {
    if (target == DayTarget::load) return value > 0 ? std::log(value) : no_value;
    return std::asinh((value - scaling.location) / scaling.scale);
}

double from_scale(DayTarget target, const Scaling& scaling, double value) {
    if (target == DayTarget::load) return std::exp(value);
    return std::sinh(value) * scaling.scale + scaling.location;
}

double slope_at(DayTarget target, const Scaling& scaling, double scaled) {
    return target == DayTarget::load ? std::exp(scaled) : std::cosh(scaled) * scaling.scale;
}

DayFeatures features_of(const DayAheadSetup& setup, const Scaling& scaling, const Day& day) {
    DayFeatures features{.date = day.date, .holiday = day.holiday, .target = {}, .covariates = {}};
    const auto slots = static_cast<Eigen::Index>(setup.slots);
    features.target.resize(slots);
    for (std::size_t slot = 0; slot < setup.slots; ++slot) {
        features.target[static_cast<Eigen::Index>(slot)] =
            slot < day.target.size() ? to_scale(setup.target, scaling, day.target[slot]) : no_value;
    }
    for (std::size_t c = 0; c < setup.covariates.size(); ++c) {
        const Eigen::Map<const Eigen::VectorXd> values(day.covariates[c].data(), slots);
        auto hourly = by_hour(values, hours_for(setup.slots));
        if (setup.covariates[c].role == CovariateRole::linear) {
            hourly = (hourly.array() - scaling.covariate_mean[c]) / scaling.covariate_deviation[c];
        }
        features.covariates.push_back(std::move(hourly));
    }
    return features;
}

DayRegressors::DayRegressors(const DayAheadSetup& setup) : setup_(setup), hours_(hours_for(setup.slots)) {
    for (const std::size_t lag : setup_.target_lags_days) {
        list_lags(lag);
    }
    for (std::size_t c = 0; c < setup.covariates.size(); ++c) {
        list_covariate(c);
    }
    list_calendar();
}

void DayRegressors::list_lags(std::size_t lag_days) {
    const double closeness = lag_days == 1 ? 1.5 : lag_days == 2 ? 0.3 : lag_days == 7 ? 0.5 : 0.15;
    for (std::size_t hour = 0; hour < hours_; ++hour) {
        table_.push_back({.kind = RegressorKind::lagged_target,
                          .lag_days = lag_days,
                          .hour = static_cast<int>(hour),
                          .closeness = closeness});
    }
}

void DayRegressors::list_covariate(std::size_t source) {
    const bool bent = setup_.covariates[source].role == CovariateRole::temperature;
    for (const std::size_t lag : covariate_lags_days) {
        const bool summary = bent && lag > 0;
        const std::size_t per_bend = summary ? 1 : hours_;
        for (std::size_t i = 0; i < (bent ? bends : 1) * per_bend; ++i) {
            const double of_lag = lag == 0 ? 1.5 : lag == 1 ? 0.8 : 0.25;
            table_.push_back({.kind = RegressorKind::covariate,
                              .source = source,
                              .lag_days = lag,
                              .hour = summary ? -1 : static_cast<int>(i % hours_),
                              .closeness = summary       ? 2
                                           : i >= hours_ ? 0.5
                                                         : of_lag});
        }
    }
}

void DayRegressors::list_calendar() {
    const bool load = setup_.target == DayTarget::load;
    table_.insert(table_.end(), 7 + holiday_lags_days.size(), DayRegressor{.closeness = load ? 3.0 : 1.0});
    table_.insert(table_.end(), 2 * setup_.annual_pairs, DayRegressor{});
}

Eigen::VectorXd DayRegressors::closeness() const {
    Eigen::VectorXd weights(static_cast<Eigen::Index>(size()));
    for (std::size_t j = 0; j < size(); ++j) {
        weights[static_cast<Eigen::Index>(j)] = table_[j].closeness;
    }
    return weights.normalized();
}

double DayRegressors::share(std::size_t slot, std::size_t regressor) const {
    const DayRegressor& entry = table_[regressor];
    if (entry.hour < 0) return 1;
    const auto hour = static_cast<int>(slot * hours_ / setup_.slots);
    const bool last_known = entry.kind == RegressorKind::lagged_target && entry.lag_days == 1 &&
                            entry.hour + 1 == static_cast<int>(hours_);
    const int away = std::abs(entry.hour - hour);
    if (away == 0 || last_known) return setup_.own_hour_share;
    return away <= 2 ? setup_.near_hour_share : 1;
}

void DayRegressors::fill(const RecentDays& days, Eigen::Ref<Eigen::VectorXd> row) const {
    const auto hours = static_cast<Eigen::Index>(hours_);
    Eigen::Index at = 0;
    for (const std::size_t lag : setup_.target_lags_days) {
        row.segment(at, hours) = by_hour(days[lag]->target, hours_);
        at += hours;
    }
    for (std::size_t c = 0; c < setup_.covariates.size(); ++c) {
        fill_covariate(days, c, row, at);
    }
    fill_calendar(days, row, at);
}

void DayRegressors::fill_covariate(const RecentDays& days, std::size_t source,
                                   Eigen::Ref<Eigen::VectorXd> row, Eigen::Index& at) const {
    const auto hours = static_cast<Eigen::Index>(hours_);
    for (const std::size_t lag : covariate_lags_days) {
        const auto& values = days[lag]->covariates[source];
        if (setup_.covariates[source].role == CovariateRole::linear) {
            row.segment(at, hours) = values;
            at += hours;
            continue;
        }
        for (std::size_t which = 0; which < bends; ++which) {
            if (lag > 0) {
                row[at++] = bent_mean(which, values);
                continue;
            }
            row.segment(at, hours) = values.unaryExpr([which](double t) { return bend(which, t); });
            at += hours;
        }
    }
}

void DayRegressors::fill_calendar(const RecentDays& days, Eigen::Ref<Eigen::VectorXd> row,
                                  Eigen::Index at) const {
    const DayFeatures& today = *days[0];
    const std::chrono::weekday weekday{today.date};
    for (unsigned day = 0; day < 7; ++day) {
        row[at++] = weekday.c_encoding() == day ? 1 : 0;
    }
    for (const std::size_t lag : holiday_lags_days) {
        row[at++] = days[lag]->holiday ? 1 : 0;
    }
    const std::chrono::year_month_day date{today.date};
    const auto new_year = std::chrono::sys_days{date.year() / 1 / 1};
    const double angle = 2 * std::numbers::pi * static_cast<double>((today.date - new_year).count()) / 365.25;
    for (std::size_t pair = 1; pair <= setup_.annual_pairs; ++pair) {
        row[at++] = std::sin(static_cast<double>(pair) * angle);
        row[at++] = std::cos(static_cast<double>(pair) * angle);
    }
}

}  // namespace sitepower::forecast
