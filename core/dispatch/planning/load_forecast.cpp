#include "core/dispatch/planning/load_forecast.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

namespace sitepower::dispatch {
namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
constexpr int week_days = 7;
constexpr std::size_t fewest_residuals = 96;  // a day of them
// Engineering default until the rule has been seen for a day: the closed loop plans with 1.15 as its p95.
constexpr double blind_p90 = 1.10;
constexpr double blind_p95 = 1.15;

// Mean of the last hour that is known; NaN when that is more than two days before the start.
double latest_kw(const QuarterHistory& history, Time start) {
    double sum = 0;
    int count = 0;
    for (auto time = history.known_until() - quarter_hour;
         time >= start - std::chrono::days{2} && time >= history.first && count < 4; time -= quarter_hour) {
        const double kw = history.at(time);
        if (std::isnan(kw)) continue;
        sum += kw;
        ++count;
    }
    return count > 0 ? sum / count : unknown;
}

// What the same quarter was a week before; else on the latest of the six days between.
double naive_kw(const QuarterHistory& history, Time time, Time known_until) {
    for (int back = week_days; back < 2 * week_days; ++back) {
        const auto before = time - std::chrono::days{back == week_days ? week_days : back - week_days};
        if (before >= known_until) continue;
        const double kw = history.at(before);
        if (!std::isnan(kw)) return kw;
    }
    return unknown;
}

double quantile(std::vector<double> values, double share) {
    const auto at = static_cast<std::size_t>(share * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
    return values[at];
}

// By how much the rule was below the load: of the week before alone where that has been seen for a day, since
// a day before errs otherwise.
std::vector<double> residuals_of(const QuarterHistory& history) {
    std::vector<double> weekly;
    std::vector<double> any;
    for (std::size_t i = 0; i < history.kw.size(); ++i) {
        if (std::isnan(history.kw[i])) continue;
        const auto time = history.first + static_cast<std::int64_t>(i) * quarter_hour;
        const double week_before = history.at(time - std::chrono::days{week_days});
        if (!std::isnan(week_before)) weekly.push_back(history.kw[i] - week_before);
        const double expected = naive_kw(history, time, time);
        if (!std::isnan(expected)) any.push_back(history.kw[i] - expected);
    }
    return weekly.size() >= fewest_residuals ? weekly : any;
}

}  // namespace

double QuarterHistory::at(Time time) const {
    const auto index = std::chrono::floor<Duration>(time - first).count() / quarter_hour.count();
    if (time < first || index >= static_cast<std::int64_t>(kw.size())) return unknown;
    return kw[static_cast<std::size_t>(index)];
}

Time QuarterHistory::known_until() const {
    for (auto i = kw.size(); i > 0; --i) {
        if (!std::isnan(kw[i - 1])) return first + static_cast<std::int64_t>(i) * quarter_hour;
    }
    return first;
}

std::optional<LoadForecast> forecast_load(const QuarterHistory& history, Time start, Duration step,
                                          std::size_t steps) {
    const double latest = latest_kw(history, start);
    if (std::isnan(latest)) return std::nullopt;
    const auto known_until = history.known_until();
    LoadForecast forecast;
    std::size_t by_rule = 0;
    for (std::size_t t = 0; t < steps; ++t) {
        const auto from = start + static_cast<std::int64_t>(t) * step;
        double sum = 0;
        int count = 0;
        for (auto time = from; time < from + step; time += std::min(step, quarter_hour)) {
            const double kw = naive_kw(history, time, known_until);
            if (std::isnan(kw)) continue;
            sum += kw;
            ++count;
        }
        by_rule += count > 0 ? 1U : 0U;
        forecast.p50_kw.push_back(std::max(0.0, count > 0 ? sum / count : latest));
    }
    const auto residuals = residuals_of(history);
    const bool seen = residuals.size() >= fewest_residuals;
    const double above_90 = seen ? std::max(0.0, quantile(residuals, 0.90)) : 0;
    const double above_95 = seen ? std::max(above_90, quantile(residuals, 0.95)) : 0;
    for (const double kw : forecast.p50_kw) {
        forecast.p90_kw.push_back(seen ? kw + above_90 : blind_p90 * kw);
        forecast.p95_kw.push_back(seen ? kw + above_95 : blind_p95 * kw);
    }
    forecast.method = by_rule == 0 ? "the load of the last hour goes on"
                                   : "the load of the same time a week before, else of the latest day known";
    forecast.method +=
        seen ? ", with the errors of that rule as its spread" : ", with 10 and 15 % above it as its spread";
    return forecast;
}

}  // namespace sitepower::dispatch
