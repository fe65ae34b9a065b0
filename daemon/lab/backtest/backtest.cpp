#include "daemon/lab/backtest/backtest.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <fstream>
#include <memory>
#include <sstream>

#include "core/dispatch/closed_loop.hpp"
#include "daemon/lab/backtest/plot.hpp"
#include "daemon/lab/backtest/series_file.hpp"

namespace sitepower::lab {
namespace {

struct Options {
    std::string prices, load, plot;
    std::string foresight = "day-ahead";
    double capacity_kwh = 2000, power_kw = 1000, efficiency = 0.95, wear_per_kwh = 0.01;
    double autonomy_min = 15, import_limit_kw = 0, export_limit_kw = 0, terminal_value_per_kwh = 0.05;
};

Result<std::vector<SeriesPoint>> read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file) return Error{ErrorCode::not_found, path + ": cannot be read", ""};
    auto series = read_series(text.view());
    if (!series) return Error{series.error().code, path + ": " + series.error().message, ""};
    return series;
}

// The steps that both files have.
void join(const std::vector<SeriesPoint>& prices, const std::vector<SeriesPoint>& load,
          dispatch::LoopSetup& setup) {
    auto at = load.begin();
    for (const SeriesPoint& price : prices) {
        while (at != load.end() && at->time < price.time) ++at;
        if (at == load.end() || at->time != price.time) continue;
        setup.import_price_per_kwh.push_back(price.value / 1000);
        setup.load_kw.push_back(at->value);
        setup.hour_of_day.push_back(price.local_hour);
    }
}

dispatch::LoopSetup setup_of(const Options& options) {
    dispatch::LoopSetup setup{.export_limit_kw = options.export_limit_kw,
                              .autonomy_h = options.autonomy_min / 60};
    setup.battery = {.id = "battery",
                     .stored_kwh = options.capacity_kwh / 2,
                     .stored_min_kwh = options.capacity_kwh * 0.05,
                     .stored_max_kwh = options.capacity_kwh * 0.95,
                     .charge_max_kw = options.power_kw,
                     .discharge_max_kw = options.power_kw,
                     .charge_efficiency = options.efficiency,
                     .discharge_efficiency = options.efficiency,
                     .wear_per_kwh = options.wear_per_kwh,
                     .terminal_value_per_kwh = options.terminal_value_per_kwh};
    if (options.foresight == "perfect") {
        setup.foresight = dispatch::Foresight::perfect;
        setup.horizon_steps = 48;
    }
    return setup;
}

void tell(const dispatch::LoopResult& result, bool perfect, double import_limit_kw, Report& report) {
    const double saved = result.cost_without_battery - result.cost;
    const double possible = result.cost_without_battery - result.cost_perfect;
    report.add({"backtest.cost", result.cost, "currency", std::nullopt});
    report.add({"backtest.cost_without_battery", result.cost_without_battery, "currency", std::nullopt});
    report.add({"backtest.cost_perfect_foresight", result.cost_perfect, "currency", std::nullopt});
    if (result.cost_perfect > 0) {
        report.add({"backtest.above_perfect", 100 * (result.cost / result.cost_perfect - 1), "%",
                    perfect ? std::optional<Goal>(at_most(2)) : std::nullopt});
    }
    report.add({"backtest.saved", saved, "currency", std::nullopt});
    // Where a battery cannot save anything, only cost less or more, a share would mean nothing.
    if (possible > 1e-9 * std::abs(result.cost_without_battery))
        report.add({"backtest.saved_of_possible", 100 * saved / possible, "%", std::nullopt});
    report.add({"backtest.cycles", result.cycles, "full", std::nullopt});
    report.add(
        {"backtest.reserve_breaches", static_cast<double>(result.reserve_breaches), "steps", at_most(0)});
    report.add({"backtest.reserve_out_of_reach", static_cast<double>(result.unavoidable_shortfalls), "steps",
                std::nullopt});
    report.add({"backtest.plans_failed", static_cast<double>(result.plans_failed), "steps", std::nullopt});
    report.add({"backtest.peak", result.peak_kw, "kW", std::nullopt});
    report.add(
        {"backtest.above_contract", std::max(0.0, result.peak_kw - import_limit_kw), "kW", std::nullopt});
    report.add({"backtest.peak_without_battery", result.peak_without_battery_kw, "kW", std::nullopt});
}

ExitCode complain(const std::string& message) {
    fmt::print(stderr, "sitepower-lab: {}\n", message);
    return ExitCode::failed;
}

ExitCode run(const Options& options, Report& report) {
    const auto prices = read_file(options.prices);
    if (!prices) return complain(prices.error().message);
    const auto load = read_file(options.load);
    if (!load) return complain(load.error().message);
    dispatch::LoopSetup setup = setup_of(options);
    join(*prices, *load, setup);
    if (setup.load_kw.empty()) return complain("the two files have no time in common");
    const double most_load_kw = *std::ranges::max_element(setup.load_kw);
    setup.import_limit_kw =
        options.import_limit_kw > 0 ? options.import_limit_kw : most_load_kw + options.power_kw;
    const auto result = dispatch::run_closed_loop(setup);
    if (!result) return complain(result.error().message);
    tell(*result, setup.foresight == dispatch::Foresight::perfect, setup.import_limit_kw, report);
    if (!options.plot.empty()) {
        std::ofstream file(options.plot);
        file << plot_svg({{"import price, currency per kWh", setup.import_price_per_kwh},
                          {"load, kW", setup.load_kw},
                          {"stored energy, kWh", result->stored_kwh}});
        if (!file.flush()) return complain(options.plot + ": cannot be written");
    }
    return report.failed() == 0 ? ExitCode::fine : ExitCode::failed;
}

}  // namespace

Run describe_backtest(CLI::App& command) {
    auto options = std::make_shared<Options>();
    command.add_option("--prices", options->prices, "CSV of hourly prices: time, currency per MWh")
        ->required();
    command.add_option("--load", options->load, "CSV of the hourly load: time, kW")->required();
    command.add_option("--plot", options->plot, "write an SVG there");
    command.add_option("--foresight", options->foresight, "what is known of the future")
        ->check(CLI::IsMember({"day-ahead", "perfect"}));
    command.add_option("--capacity-kwh", options->capacity_kwh, "of the battery")
        ->check(CLI::Range(1.0, 1e6));
    command.add_option("--power-kw", options->power_kw, "charge and discharge")->check(CLI::Range(1.0, 1e6));
    command.add_option("--efficiency", options->efficiency, "of each way")->check(CLI::Range(0.5, 1.0));
    command.add_option("--wear-per-kwh", options->wear_per_kwh, "through the cells")
        ->check(CLI::Range(0.0, 10.0));
    command.add_option("--terminal-value-per-kwh", options->terminal_value_per_kwh,
                       "of stored energy at the horizon");
    command.add_option("--autonomy-min", options->autonomy_min, "backup for the whole load")
        ->check(CLI::Range(0.0, 1440.0));
    command.add_option("--import-limit-kw", options->import_limit_kw, "contract; 0: does not bind")
        ->check(CLI::Range(0.0, 1e6));
    command.add_option("--export-limit-kw", options->export_limit_kw, "to the grid")
        ->check(CLI::Range(0.0, 1e6));
    return [options](Report& report) { return run(*options, report); };
}

}  // namespace sitepower::lab
