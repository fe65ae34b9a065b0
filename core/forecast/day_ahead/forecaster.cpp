#include "core/forecast/day_ahead/forecaster.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

namespace sitepower::forecast {
namespace {

constexpr std::size_t safeguard_days = 7;
constexpr std::size_t prior_days = 28;

Error refusal(ErrorCode code, std::string message) {
    return {.code = code, .message = std::move(message), .detail = {}};
}

std::size_t hours_of(const DayAheadSetup& setup) {
    return DayRegressors(setup).hours();
}

Eigen::VectorXd mean_deviation(const Eigen::MatrixXd& experts, const Eigen::VectorXd& centre) {
    const Eigen::ArrayXXd away = (experts.rowwise() - centre.transpose()).cwiseAbs();
    const Eigen::ArrayXXd known = away.isNaN().select(0.0, Eigen::ArrayXXd::Ones(away.rows(), away.cols()));
    return (away.isNaN().select(0.0, away).colwise().sum() / known.colwise().sum()).transpose();
}

// Over the known slots; NaN when none is.
double mean_error(const Eigen::VectorXd& actual, const Eigen::VectorXd& forecast) {
    const Eigen::ArrayXd error = (actual - forecast).array().abs();
    const auto known = static_cast<double>((!error.isNaN()).count());
    return known > 0 ? error.isNaN().select(0.0, error).sum() / known : std::nan("");
}

}  // namespace

Result<DayAheadForecaster> DayAheadForecaster::create(DayAheadSetup setup) {
    if (auto status = check(setup); !status) return status.error();
    return DayAheadForecaster(std::move(setup));
}

DayAheadForecaster::DayAheadForecaster(DayAheadSetup setup)
    : setup_(std::move(setup)),
      experts_(setup_),
      stacking_(setup_.stacking),
      safeguard_(2, safeguard_days, safeguard_days),
      intervals_(setup_.slots, hours_of(setup_), setup_.target == DayTarget::load) {}

Status DayAheadForecaster::check_shape(const Day& day) const {
    const auto fits = [&](const auto& values) { return values.size() == setup_.slots; };
    if (day.covariates.size() == setup_.covariates.size() && std::ranges::all_of(day.covariates, fits) &&
        (day.target.empty() || fits(day.target))) {
        return Done{};
    }
    return refusal(ErrorCode::validation_error, "a day needs " + std::to_string(setup_.slots) +
                                                    " values of the target and of each of the " +
                                                    std::to_string(setup_.covariates.size()) +
                                                    " covariates; what is unknown is a NaN");
}

Status DayAheadForecaster::learn(Day day) {
    if (auto status = check_shape(day); !status) return status;
    day.target.resize(setup_.slots, std::numeric_limits<double>::quiet_NaN());
    if (experts_.days() > 0) {
        if (day.date <= experts_.back(1).date) {
            return refusal(ErrorCode::validation_error,
                           "days must be learnt in order: this one is not after the last one");
        }
        bridge_to(day.date);
    }
    const bool was_forecast = issued_ && issued_->date == day.date;
    if (was_forecast) mature(day);
    const auto fallback = was_forecast ? std::span<const double>(issued_->point.data(), setup_.slots)
                                       : std::span<const double>{};
    experts_.append(std::move(day), fallback);
    issued_.reset();
    return Done{};
}

// Days that nobody told of are unknown ones; too many of them end the history.
void DayAheadForecaster::bridge_to(std::chrono::sys_days date) {
    const std::vector<double> unknown(setup_.slots, std::numeric_limits<double>::quiet_NaN());
    const std::chrono::days gap = date - experts_.back(1).date;
    if (gap.count() > static_cast<std::int64_t>(longest_gap_days)) return experts_.clear();
    while (experts_.back(1).date + std::chrono::days{1} < date) {
        experts_.append({.date = experts_.back(1).date + std::chrono::days{1},
                         .target = unknown,
                         .covariates = std::vector(setup_.covariates.size(), unknown)},
                        {});
    }
}

void DayAheadForecaster::mature(const Day& day) {
    const Eigen::Map<const Eigen::VectorXd> actual(day.target.data(),
                                                   static_cast<Eigen::Index>(day.target.size()));
    intervals_.mature(actual, issued_->point, issued_->spread, issued_->expected_error, issued_->quantiles);
    const std::array naive_errors{mean_error(actual, issued_->naive.row(0)),
                                  mean_error(actual, issued_->naive.row(1))};
    const double combined_error = mean_error(actual, issued_->combined);
    if (std::isfinite(combined_error)) safeguard_.mature(combined_error, naive_errors);
    stacking_.add({.experts = std::move(issued_->experts), .actual = actual});
}

Eigen::MatrixXd DayAheadForecaster::naive() const {
    const auto slots = static_cast<Eigen::Index>(setup_.slots);
    Eigen::MatrixXd naive(2, slots);
    naive.row(0) = Eigen::Map<const Eigen::RowVectorXd>(experts_.back(1).target.data(), slots);
    naive.row(1) = Eigen::Map<const Eigen::RowVectorXd>(experts_.back(longest_lag_days).target.data(), slots);
    return naive;
}

Result<DayForecast> DayAheadForecaster::forecast(const Day& today) {
    if (auto status = check_shape(today); !status) return status.error();
    const std::size_t usable = experts_.usable_days();
    if (usable < setup_.least_days) {
        return refusal(ErrorCode::insufficient_data, "a day-ahead forecast needs " +
                                                         std::to_string(setup_.least_days) +
                                                         " complete days, each with the week before it; " +
                                                         std::to_string(usable) + " are known");
    }
    if (today.date != experts_.back(1).date + std::chrono::days{1}) {
        return refusal(ErrorCode::validation_error, "only the day after the last known one can be forecast");
    }
    Opinions opinions = experts_.predict(today);
    if (opinions.experts.array().isNaN().colwise().all().any()) {
        return refusal(ErrorCode::internal_error, "no regression could be solved for this day");
    }
    const bool substituted = opinions.substituted;
    issued_ = issue(today.date, std::move(opinions));
    return DayForecast{.date = today.date,
                       .quantiles = issued_->quantiles,
                       .naive_stands_in = issued_->point != issued_->combined,
                       .covariate_substituted = substituted,
                       .days_used = usable,
                       .days_matured = intervals_.matured_days()};
}

DayAheadForecaster::Issued DayAheadForecaster::issue(std::chrono::sys_days date, Opinions opinions) const {
    Issued issued;
    issued.date = date;
    issued.experts = std::move(opinions.experts);
    issued.naive = naive();
    issued.combined = stacking_.combine(issued.experts);
    issued.point = issued.combined;
    if (safeguard_.engaged()) {
        const Eigen::VectorXd stand_in =
            issued.naive.row(static_cast<Eigen::Index>(safeguard_.best_naive())).transpose();
        if (stand_in.allFinite()) issued.point = stand_in;
    }
    issued.spread = mean_deviation(issued.experts, issued.point);
    const double prior = experts_.seasonal_difference(prior_days);
    issued.expected_error =
        intervals_.expected_error(issued.point, issued.spread, opinions.substitution_deviation, prior);
    issued.quantiles = intervals_.quantiles(issued.point, issued.expected_error);
    return issued;
}

}  // namespace sitepower::forecast
