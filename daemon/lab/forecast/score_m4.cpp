#include "daemon/lab/forecast/score_m4.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/forecast/backtest_interval.hpp"
#include "core/forecast/long_forecaster.hpp"
#include "core/forecast/scores.hpp"
#include "daemon/lab/forecast/safeguard_table.hpp"

namespace sitepower::lab {
namespace {

using namespace forecast;

// The M4 organisers' benchmark on all 414 hourly series, and what sNaive must give there.
constexpr double naive2_smape_pct = 18.383;
constexpr double naive2_mase = 2.395;
constexpr double seasonal_naive_smape_pct = 13.912;
constexpr double seasonal_naive_mase = 1.193;
constexpr std::size_t all_series = 414;

constexpr std::size_t m4_horizon = 48;
constexpr std::size_t day = 24;
constexpr double alpha = 0.05;

struct Sums {
    double smape = 0;
    double mase = 0;
    double msis = 0;
    double covered = 0;
    double naive_smape = 0;
    double naive_mase = 0;
    double series = 0;
    double scaled_series = 0;  // those whose seasonal naive error is not zero

    double owa() const {
        return overall_weighted_average(smape / series, mase / scaled_series, naive2_smape_pct, naive2_mase);
    }
};

void add_intervals(const Ensemble& ensemble, std::span<const double> forecast, std::span<const double> spread,
                   const M4Series& one, double scale, Sums& sums) {
    const BacktestInterval interval(ensemble.backtest(), ensemble.naive_scale(), true);
    std::vector<double> lower(m4_horizon);
    std::vector<double> upper(m4_horizon);
    interval.bounds(forecast, spread, lower, upper);
    double score = 0;
    for (std::size_t h = 0; h < one.test.size(); ++h) {
        score += interval_score(one.test[h], lower[h], upper[h], alpha);
    }
    sums.msis += score / scale / static_cast<double>(one.test.size());
    sums.covered += interval_coverage(one.test, lower, upper).value_or(0);
}

void add_series(const M4Series& one, const std::shared_ptr<const PriorLibrary>& prior, Sums& sums) {
    Ensemble ensemble({.prior = prior});
    const std::vector<std::uint8_t> learnable(one.train.size(), 1);
    ensemble.fit(one.train, learnable, plain_slots(one.train.size() + m4_horizon));
    std::vector<double> forecast(m4_horizon);
    std::vector<double> spread(m4_horizon);
    std::vector<double> naive(m4_horizon);
    ensemble.forecast(forecast, spread);
    ensemble.naive_forecast(0, naive);
    sums.series += 1;
    sums.smape += smape_pct(one.test, forecast).value_or(0);
    sums.naive_smape += smape_pct(one.test, naive).value_or(0);
    const auto scale = seasonal_naive_scale(one.train, day);
    if (!scale) return;
    sums.scaled_series += 1;
    sums.mase += mean_absolute_error(one.test, forecast).value_or(0) / *scale;
    sums.naive_mase += mean_absolute_error(one.test, naive).value_or(0) / *scale;
    add_intervals(ensemble, forecast, spread, one, *scale, sums);
}

void tell(const Sums& sums, bool with_prior, Report& report) {
    const std::string name = with_prior ? "forecast.m4.prior" : "forecast.m4.local";
    report.add({.measure = "forecast.m4.series", .value = sums.series, .unit = "series"});
    const double naive_smape = sums.naive_smape / sums.series;
    const double naive_mase = sums.naive_mase / sums.scaled_series;
    report.add({.measure = "forecast.m4.seasonal_naive.smape", .value = naive_smape, .unit = "%"});
    report.add({.measure = "forecast.m4.seasonal_naive.mase", .value = naive_mase, .unit = "ratio"});
    if (sums.series == all_series) {
        const double off = std::max(std::abs(naive_smape - seasonal_naive_smape_pct),
                                    std::abs(naive_mase - seasonal_naive_mase));
        report.add(
            {.measure = "forecast.m4.metric_check", .value = off, .unit = "off", .goal = at_most(0.0006)});
    }
    const double covered_pct = 100 * sums.covered / sums.scaled_series;
    report.add({.measure = name + ".smape", .value = sums.smape / sums.series, .unit = "%"});
    report.add({.measure = name + ".mase", .value = sums.mase / sums.scaled_series, .unit = "ratio"});
    report.add({.measure = name + ".owa",
                .value = sums.owa(),
                .unit = "of Naive2",
                .goal = at_most(with_prior ? 0.385 : 0.395)});
    report.add({.measure = name + ".msis",
                .value = sums.msis / sums.scaled_series,
                .unit = "scales",
                .goal = at_most(5.6)});
    report.add({.measure = name + ".coverage95", .value = covered_pct, .unit = "%"});
    report.add({.measure = name + ".coverage95.off",
                .value = std::abs(covered_pct - 95),
                .unit = "points",
                .goal = at_most(0.7)});
}

}  // namespace

std::vector<std::uint16_t> plain_slots(std::size_t count) {
    std::vector<std::uint16_t> slots(count);
    for (std::size_t i = 0; i < count; ++i) slots[i] = static_cast<std::uint16_t>(i % (7 * day));
    return slots;
}

std::vector<M4Series> match_m4(const SeriesFile& train, const SeriesFile& test) {
    std::map<std::string_view, std::size_t> rows;
    for (std::size_t i = 0; i < test.first_column.size(); ++i) rows[test.first_column[i]] = i;
    std::vector<M4Series> series;
    for (std::size_t i = 0; i < train.first_column.size(); ++i) {
        const auto found = rows.find(train.first_column[i]);
        if (found == rows.end() || train.values[i].empty()) continue;
        std::vector<double> future = test.values[found->second];
        future.resize(std::min(future.size(), m4_horizon));
        if (future.empty()) continue;
        series.push_back({.id = train.first_column[i], .train = train.values[i], .test = std::move(future)});
    }
    return series;
}

void score_m4(const std::vector<M4Series>& series, const std::shared_ptr<const PriorLibrary>& prior,
              Report& report) {
    Sums sums;
    for (const auto& one : series) add_series(one, prior, sums);
    if (sums.scaled_series > 0) tell(sums, prior != nullptr, report);
}

// Thirty origins twelve hours apart, refitted at each: what the daemon would have issued, and the naive ones.
void score_m4_safeguard(const std::vector<M4Series>& series, const std::shared_ptr<const PriorLibrary>& prior,
                        Report& report) {
    constexpr std::size_t origins = 30;
    constexpr std::size_t apart = 12;
    constexpr std::size_t least = 192;
    SafeguardTable table;
    std::size_t done = 0;
    for (const auto& one : series) {
        if (++done % 20 == 0) report.progress("rolling origins of series " + one.id);
        const std::size_t n = one.train.size();
        if (n < least + origins * apart + m4_horizon) continue;
        const std::size_t first = n - m4_horizon - (origins - 1) * apart;
        LongForecaster forecaster({.prior = prior}, true);
        const auto slots = plain_slots(n + m4_horizon);
        const std::vector<std::uint8_t> learnable(n, 1);
        forecaster.fit(std::span(one.train).first(first), std::span(learnable).first(first),
                       std::span(slots).first(first + m4_horizon));
        auto row = SafeguardTable::row(
            {seasonal_naive_scale(std::span(one.train).first(first), day).value_or(0),
             seasonal_naive_scale(std::span(one.train).first(first), 7 * day).value_or(0)});
        for (std::size_t origin = first;; origin += apart) {
            std::vector<IssuedStep> steps(m4_horizon);
            forecaster.forecast(steps);
            for (std::size_t h = 0; h < m4_horizon; ++h) {
                const double actual = one.train[origin + h];
                row.add(std::abs(actual - steps[h].point),
                        {std::abs(actual - one.train[origin - day + h % day]),
                         std::abs(actual - one.train[origin - 7 * day + h])});
            }
            if (origin + apart + m4_horizon > n) break;
            for (std::size_t t = origin; t < origin + apart; ++t) {
                forecaster.update(one.train[t], true, slots[t]);
            }
            forecaster.refit_and_issue();
        }
        table.close(row);
    }
    table.tell("forecast.m4.safeguard", report);
}

}  // namespace sitepower::lab
