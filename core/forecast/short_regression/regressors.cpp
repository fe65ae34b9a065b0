#include "core/forecast/short_regression/regressors.hpp"

#include <algorithm>
#include <numeric>

namespace sitepower::forecast {

std::span<const RegressorSet> regressor_sets() {
    static const std::vector<std::size_t> recent{1, 2, 3, 5, 8, 11, 23, 35};
    static const std::vector<RegressorSet> sets{
        {.name = "recent", .lags = recent, .days = {}, .around = {}, .then = false, .day_lags = {}},
        {.name = "yesterday", .lags = recent, .days = {1}, .around = {0}, .day_lags = {1, 3, 6, 12, 35}},
        {.name = "days_1_2_7",
         .lags = recent,
         .days = {1, 2, 7},
         .around = {0},
         .day_lags = {1, 3, 6, 12, 35}},
        {.name = "profile_1_2_7",
         .lags = recent,
         .days = {1, 2, 7},
         .around = {-1, 0, 1},
         .then = false,
         .day_lags = {}},
        {.name = "profile_week",
         .lags = recent,
         .days = {1, 2, 3, 4, 5, 6, 7},
         .around = {-1, 0, 1},
         .day_lags = {}},
        {.name = "week",
         .lags = recent,
         .days = {1, 2, 3, 4, 5, 6, 7},
         .around = {0},
         .day_lags = {1, 3, 6, 12, 35}},
    };
    return sets;
}

Regressors::Regressors(const RegressorSet& set, std::size_t day, std::size_t horizon)
    : hour_(std::max<std::size_t>(day / 24, 1)) {
    for (const std::size_t lag : set.lags) add(lag, 0);
    for (const std::size_t days : set.days) {
        const std::size_t then = days * day;
        for (const int offset : set.around) {
            const auto lag =
                static_cast<std::ptrdiff_t>(then) - static_cast<std::ptrdiff_t>(horizon) - offset;
            if (lag > 0) add(static_cast<std::size_t>(lag), 0);
        }
        if (set.then) add(then, 0);
        for (const std::size_t lag : set.day_lags) add(then + lag, then);
    }
    reach_ = std::max(reach_, hour_);
}

void Regressors::add(std::size_t lag, std::size_t base) {
    const bool known =
        std::ranges::any_of(terms_, [&](const Term& term) { return term.lag == lag && term.base == base; });
    if (known) return;
    terms_.push_back({.lag = lag, .base = base});
    reach_ = std::max(reach_, lag + 1);
}

void Regressors::read(std::span<const double> values, std::span<double> x) const {
    const double* const newest = &values.back();
    for (std::size_t j = 0; j < terms_.size(); ++j) {
        x[j] = *(newest - terms_[j].lag) - *(newest - terms_[j].base);
    }
    const double sum = std::accumulate(newest - (hour_ - 1), newest + 1, 0.0);
    x[terms_.size()] = sum / static_cast<double>(hour_) - *newest;
}

}  // namespace sitepower::forecast
