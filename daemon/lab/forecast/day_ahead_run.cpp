#include "daemon/lab/forecast/day_ahead_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <limits>
#include <optional>

#include "core/forecast/day_ahead/forecaster.hpp"
#include "core/forecast/scores.hpp"

namespace sitepower::lab {
namespace {

constexpr double day_budget_ms = 150;

void append(std::vector<double>& all, const std::vector<double>& day) {
    all.insert(all.end(), day.begin(), day.end());
}

// Percent of the known actual values that are at most the forecast.
double share_below_pct(const std::vector<double>& actual, const std::vector<double>& forecast) {
    double below = 0;
    double known = 0;
    for (std::size_t i = 0; i < actual.size(); ++i) {
        if (!std::isfinite(actual[i])) continue;
        below += actual[i] <= forecast[i] ? 1 : 0;
        known += 1;
    }
    return known > 0 ? 100 * below / known : forecast::no_value;
}

double quantile_of(std::vector<double> values, double level) {
    if (values.empty()) return forecast::no_value;
    const auto rank = static_cast<std::ptrdiff_t>(level * static_cast<double>(values.size() - 1));
    std::ranges::nth_element(values, values.begin() + rank);
    return values[static_cast<std::size_t>(rank)];
}

double coverage_pct(const DayAheadRun& run, std::size_t from_day, std::size_t days) {
    const auto part = [&](const std::vector<double>& all) {
        return std::span(all).subspan(from_day * run.slots, days * run.slots);
    };
    return 100 *
           or_unknown(forecast::interval_coverage(part(run.actual), part(run.lower95), part(run.upper95)));
}

double mean_width(const DayAheadRun& run) {
    double sum = 0;
    for (std::size_t i = 0; i < run.lower95.size(); ++i) {
        sum += run.upper95[i] - run.lower95[i];
    }
    return sum / static_cast<double>(run.lower95.size());
}

void keep(DayAheadRun& run, const forecast::Day& day, const forecast::DayForecast& made) {
    run.dates.push_back(day.date);
    append(run.actual, day.target);
    append(run.p50, made.quantiles.p50);
    append(run.p90, made.quantiles.p90);
    append(run.p99, made.quantiles.p99);
    append(run.lower95, made.quantiles.lower95);
    append(run.upper95, made.quantiles.upper95);
}

}  // namespace

double or_unknown(std::optional<double> value) {
    return value.value_or(forecast::no_value);
}

Result<DayAheadRun> run_day_ahead(const forecast::DayAheadSetup& setup, std::span<const forecast::Day> days,
                                  std::size_t first, const Report& report) {
    auto created = forecast::DayAheadForecaster::create(setup);
    if (!created) return created.error();
    auto& forecaster = *created;
    DayAheadRun run;
    run.slots = setup.slots;
    for (std::size_t i = 0; i < days.size(); ++i) {
        if (i + warm_up_days >= first) {
            const std::clock_t begin = std::clock();
            const auto made = forecaster.forecast(days[i]);
            const double taken_ms =
                1000 * static_cast<double>(std::clock() - begin) / static_cast<double>(CLOCKS_PER_SEC);
            if (!made && i >= first) return made.error();
            if (made && i >= first) {
                keep(run, days[i], *made);
                append(run.naive_day, days[i - 1].target);
                append(run.naive_week, days[i - 7].target);
                run.milliseconds.push_back(taken_ms);
            }
            if (i % 100 == 0) report.progress(fmt::format("day {} of {}", i, days.size()));
        }
        if (auto learnt = forecaster.learn(days[i]); !learnt) return learnt.error();
    }
    return run;
}

double worst_coverage_pct(const DayAheadRun& run, std::size_t days) {
    if (run.dates.size() < days) return forecast::no_value;
    double worst = 100;
    for (std::size_t from = 0; from + days <= run.dates.size(); ++from) {
        worst = std::min(worst, coverage_pct(run, from, days));
    }
    return worst;
}

void tell_intervals(const std::string& name, const DayAheadRun& run, Report& report) {
    const double coverage = coverage_pct(run, 0, run.dates.size());
    report.add({.measure = name + ".coverage95", .value = coverage, .unit = "%"});
    report.add({.measure = name + ".coverage95.off",
                .value = std::abs(coverage - 95),
                .unit = "points",
                .goal = at_most(0.7)});
    report.add({.measure = name + ".coverage95.worst_60_days",
                .value = worst_coverage_pct(run),
                .unit = "%",
                .goal = at_least(90)});
    report.add({.measure = name + ".width95", .value = mean_width(run), .unit = "unit of the target"});
    report.add({.measure = name + ".below_p90", .value = share_below_pct(run.actual, run.p90), .unit = "%"});
    report.add({.measure = name + ".below_p99", .value = share_below_pct(run.actual, run.p99), .unit = "%"});
    report.add({.measure = name + ".forecast.p50",
                .value = quantile_of(run.milliseconds, 0.5),
                .unit = "ms CPU a day"});
    report.add({.measure = name + ".forecast.p95",
                .value = quantile_of(run.milliseconds, 0.95),
                .unit = "ms CPU a day",
                .goal = at_most(day_budget_ms)});
}

std::vector<std::chrono::year> years_of(const DayAheadRun& run) {
    std::vector<std::chrono::year> years;
    for (const auto date : run.dates) {
        const auto year = std::chrono::year_month_day{date}.year();
        if (years.empty() || years.back() != year) years.push_back(year);
    }
    return years;
}

DayAheadRun year_of(const DayAheadRun& run, std::chrono::year year) {
    DayAheadRun part;
    part.slots = run.slots;
    for (std::size_t day = 0; day < run.dates.size(); ++day) {
        if (std::chrono::year_month_day{run.dates[day]}.year() != year) continue;
        part.dates.push_back(run.dates[day]);
        part.milliseconds.push_back(run.milliseconds[day]);
        for (auto values : {&DayAheadRun::actual, &DayAheadRun::p50, &DayAheadRun::p90, &DayAheadRun::p99,
                            &DayAheadRun::lower95, &DayAheadRun::upper95, &DayAheadRun::naive_day,
                            &DayAheadRun::naive_week}) {
            const auto from = (run.*values).begin() + static_cast<std::ptrdiff_t>(day * run.slots);
            (part.*values).insert((part.*values).end(), from, from + static_cast<std::ptrdiff_t>(run.slots));
        }
    }
    return part;
}

void tell_unusable(const std::string& name, const Error& error, Report& report) {
    fmt::print(stderr, "{}\n", error.message);
    report.add({.measure = name + ".usable", .value = forecast::no_value, .unit = "", .goal = at_least(1)});
}

}  // namespace sitepower::lab
