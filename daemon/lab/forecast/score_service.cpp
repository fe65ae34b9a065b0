#include "daemon/lab/forecast/score_service.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <optional>

#include "core/forecast/forecaster.hpp"
#include "core/forecast/scores.hpp"
#include "daemon/lab/forecast/safeguard_table.hpp"

namespace sitepower::lab {
namespace {

using namespace forecast;

constexpr Duration step{300'000};
constexpr double training_share = 0.6;

struct Horizon {
    std::string_view name;
    std::size_t steps = 1;
    double azure_goal_mape_pct = 0;
    bool quantile_goals = false;
};
constexpr std::array horizons{Horizon{"15min", 3, 1.25, true}, Horizon{"60min", 12, 1.6, true},
                              Horizon{"24h", 288, 2.6, false}};

// Percent columns: what is not within 0..100 is invalid.
Result<RegularSeries> grid_of(const SeriesFile& file, std::size_t column) {
    const auto observations = observations_of(file, column);
    if (!observations) return observations.error();
    const bool percent = file.header[column + 1].ends_with("percent");
    return to_grid(*observations, step, Aggregation::mean, 0, percent ? 100 : 1e300);
}

struct Scored {
    std::vector<double> actual, point, p90, p99, lower, upper;
    SafeguardTable::Row row;
};

// Errors of the naive forecasts, issued now, of the value `ahead` later: the last value, and that of the same
// time of the last day that is known. NaN where there is none.
std::vector<double> naive_errors(std::span<const double> y, std::size_t now, std::size_t ahead) {
    const std::size_t day = seasons_of(step).day;
    const std::size_t back = day * ((ahead - 1) / day + 1);
    const double actual = y[now + ahead];
    const double before = now + ahead >= back ? y[now + ahead - back] : NAN;
    return {std::abs(actual - y[now]), std::abs(actual - before)};
}

std::vector<double> naive_before(std::span<const double> y, std::size_t first_scored, std::size_t ahead) {
    std::vector<double> sums(2, 0);
    for (std::size_t now = 0; now + ahead < first_scored; ++now) {
        const auto errors = naive_errors(y, now, ahead);
        if (!std::isfinite(errors[0] + errors[1])) continue;
        for (std::size_t i = 0; i < errors.size(); ++i) sums[i] += errors[i];
    }
    return sums;
}

void note(std::span<const double> y, std::size_t now, std::size_t ahead, const IssuedStep& issued,
          Scored& scored) {
    const double actual = y[now + ahead];
    scored.actual.push_back(actual);
    scored.point.push_back(issued.point);
    scored.p90.push_back(issued.quantiles.p90);
    scored.p99.push_back(issued.quantiles.p99);
    scored.lower.push_back(issued.quantiles.lower95);
    scored.upper.push_back(issued.quantiles.upper95);
    const auto errors = naive_errors(y, now, ahead);
    if (std::isfinite(errors[1])) scored.row.add(std::abs(actual - issued.point), errors);
}

// What the forecaster says at its newest value of the one that many steps later.
std::optional<IssuedStep> said_of(const Forecaster& forecaster, std::size_t ahead) {
    if (ahead > horizons[1].steps) {
        const auto said =
            forecaster.forecast_at(forecaster.newest() + step * static_cast<std::int64_t>(ahead));
        return said ? std::optional(*said) : std::nullopt;
    }
    const auto said = forecaster.forecast(ahead == horizons[0].steps ? HorizonClass::short_15min
                                                                     : HorizonClass::medium_60min);
    return said ? std::optional(said->front().forecast) : std::nullopt;
}

std::array<Scored, horizons.size()> run(const RegularSeries& grid) {
    auto made = Forecaster::make({.step = step});
    Forecaster& forecaster = *made.value();
    const std::span<const double> y = grid.values;
    const auto first_scored = static_cast<std::size_t>(training_share * static_cast<double>(y.size()));
    RegularSeries training = grid;
    training.values.resize(first_scored);
    training.flags.resize(first_scored);
    std::array<Scored, horizons.size()> scored;
    if (!forecaster.fit(training)) return scored;
    for (std::size_t i = 0; i < horizons.size(); ++i) {
        scored[i].row = SafeguardTable::row(naive_before(y, first_scored, horizons[i].steps));
    }
    for (std::size_t now = first_scored; now < y.size(); ++now) {
        if (now % seasons_of(step).day == 0) forecaster.retrain();
        if (!forecaster.update(grid.time_at(now), y[now]).accepted) continue;
        for (std::size_t i = 0; i < horizons.size(); ++i) {
            const std::size_t ahead = horizons[i].steps;
            if (now + ahead >= y.size() || !std::isfinite(y[now + ahead])) continue;
            if (const auto said = said_of(forecaster, ahead)) note(y, now, ahead, *said, scored[i]);
        }
    }
    return scored;
}

double covered_pct(std::span<const double> actual, std::span<const double> quantile) {
    const std::vector<double> nothing(actual.size(), -1e300);
    return 100 * interval_coverage(actual, nothing, quantile).value_or(0);
}

void tell_quantile(const std::string& name, double covered, double target, double tolerance, bool goal,
                   Report& report) {
    report.add({.measure = name, .value = covered, .unit = "%"});
    Figure off{.measure = name + ".off", .value = std::abs(covered - target), .unit = "points"};
    if (goal) off.goal = at_most(tolerance);
    report.add(off);
}

void tell(const std::string& name, const Scored& scored, const Horizon& horizon, bool azure_cpu,
          Report& report) {
    Figure mape{
        .measure = name + ".mape", .value = mape_pct(scored.actual, scored.point).value_or(NAN), .unit = "%"};
    if (azure_cpu) mape.goal = at_most(horizon.azure_goal_mape_pct);
    report.add(mape);
    report.add({.measure = name + ".mae_to_last_value",
                .value = scored.row.forecast / scored.row.naive[0],
                .unit = "ratio"});
    tell_quantile(name + ".p90", covered_pct(scored.actual, scored.p90), 90, 1, horizon.quantile_goals,
                  report);
    tell_quantile(name + ".p99", covered_pct(scored.actual, scored.p99), 99, 0.5, horizon.quantile_goals,
                  report);
    report.add({.measure = name + ".coverage95",
                .value = 100 * interval_coverage(scored.actual, scored.lower, scored.upper).value_or(0),
                .unit = "%"});
}

}  // namespace

void score_services(const std::vector<const SeriesFile*>& files, Report& report) {
    SafeguardTable table;
    for (const SeriesFile* file : files) {
        for (std::size_t column = 0; column + 1 < file->header.size(); ++column) {
            const auto grid = grid_of(*file, column);
            if (!grid) {
                fmt::print(stderr, "sitepower-lab: {}: {}: {}\n", file->path.string(),
                           file->header[column + 1], grid.error().message);
                continue;
            }
            const std::string name =
                fmt::format("forecast.{}.{}", file->path.stem().string(), file->header[column + 1]);
            report.progress(name);
            const auto scored = run(*grid);
            for (std::size_t i = 0; i < horizons.size(); ++i) {
                if (scored[i].actual.empty()) continue;
                table.close(scored[i].row);
                const bool azure_cpu = file->header[column + 1] == "cpu_usage";
                tell(fmt::format("{}.{}", name, horizons[i].name), scored[i], horizons[i], azure_cpu, report);
            }
        }
    }
    table.tell("forecast.services.safeguard", report);
}

}  // namespace sitepower::lab
