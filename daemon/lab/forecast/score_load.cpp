#include "daemon/lab/forecast/score_load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "core/forecast/scores.hpp"
#include "daemon/lab/forecast/day_ahead_run.hpp"
#include "daemon/lab/forecast/day_files.hpp"

namespace sitepower::lab {
namespace {

constexpr std::size_t training_days = 365;
constexpr double goal_with_temperature_pct = 2.3;
constexpr double goal_without_pct = 3.3;

void tell_year(const std::string& name, const DayAheadRun& run, std::chrono::year year, Report& report) {
    const DayAheadRun part = year_of(run, year);
    report.add({.measure = fmt::format("{}.{}.mape", name, static_cast<int>(year)),
                .value = or_unknown(forecast::mape_pct(part.actual, part.p50)),
                .unit = "%"});
}

void tell_errors(const std::string& name, const DayAheadRun& run, double goal_pct, Report& report) {
    report.add({.measure = name + ".mape",
                .value = or_unknown(forecast::mape_pct(run.actual, run.p50)),
                .unit = "%",
                .goal = at_most(goal_pct)});
    report.add({.measure = name + ".mape.naive_week",
                .value = or_unknown(forecast::mape_pct(run.actual, run.naive_week)),
                .unit = "%"});
    for (const auto year : years_of(run)) {
        tell_year(name, run, year, report);
    }
}

Status score_once(const SeriesGroup& group, bool with_temperature, Report& report) {
    DayColumns columns{.target = "demand_mwh_per_half_hour", .covariates = {}, .holiday = "holiday"};
    std::vector<forecast::Covariate> covariates;
    if (with_temperature) {
        columns.covariates = {"temperature_c"};
        covariates = {{.name = "temperature_c", .role = forecast::CovariateRole::temperature}};
    }
    auto table = read_days(group.data, columns);
    if (!table) return table.error();
    auto run =
        run_day_ahead(forecast::load_setup(table->slots, covariates), table->days, training_days, report);
    if (!run) return run.error();
    const std::string name = group.name + (with_temperature ? ".with_temperature" : ".without");
    report.add({.measure = name + ".days", .value = static_cast<double>(run->dates.size()), .unit = ""});
    tell_errors(name, *run, with_temperature ? goal_with_temperature_pct : goal_without_pct, report);
    tell_intervals(name, *run, report);
    return Done{};
}

}  // namespace

void score_load(const std::vector<std::filesystem::path>& files, Report& report) {
    const auto groups = read_groups(files);
    if (!groups) return tell_unusable("load", groups.error(), report);
    for (const auto& group : *groups) {
        for (const bool with_temperature : {true, false}) {
            const Status scored = score_once(group, with_temperature, report);
            if (!scored) tell_unusable(group.name, scored.error(), report);
        }
    }
}

}  // namespace sitepower::lab
