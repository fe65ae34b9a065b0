// The day-ahead protocol: each day is forecast from the days before it and from its own covariates,
// everything recalibrated daily. What was forecast, beside what came. Main thread.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/forecast/day_ahead/day.hpp"
#include "core/forecast/day_ahead/setup.hpp"
#include "daemon/lab/report.hpp"

namespace sitepower::lab {

struct DayAheadRun {
    std::size_t slots = 0;
    std::vector<std::chrono::sys_days> dates;  // of the scored days
    // One value per scored day and slot.
    std::vector<double> actual, p50, p90, p99, lower95, upper95, naive_day, naive_week;
    std::vector<double> milliseconds;  // of processor time, of each forecast
};

// Days in a row before the first scored one that are forecast as well, so that weights and intervals have
// something to learn from.
inline constexpr std::size_t warm_up_days = 120;

// Scores the days from index `first` on. Days are consecutive; at least the setup's least_days come before.
Result<DayAheadRun> run_day_ahead(const forecast::DayAheadSetup& setup, std::span<const forecast::Day> days,
                                  std::size_t first, const Report& report);

// Coverage of intervals and quantiles, with the goals of the protocol, and the time that a forecast takes.
void tell_intervals(const std::string& name, const DayAheadRun& run, Report& report);

// Least coverage in percent of the 95 % interval within any 60 consecutive days; NaN for a shorter run.
double worst_coverage_pct(const DayAheadRun& run, std::size_t days = 60);

// The part of a run that falls into one calendar year.
DayAheadRun year_of(const DayAheadRun& run, std::chrono::year year);
std::vector<std::chrono::year> years_of(const DayAheadRun& run);

// A file that cannot be used: said on stderr, and a figure that no goal can hold for.
void tell_unusable(const std::string& name, const Error& error, Report& report);

// NaN for what is unknown.
double or_unknown(std::optional<double> value);

}  // namespace sitepower::lab
