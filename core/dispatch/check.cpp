#include "core/dispatch/check.hpp"

#include <cmath>
#include <initializer_list>
#include <string_view>

namespace sitepower::dispatch {
namespace {

constexpr double most_sensible =
    1e7;  // kW, kWh or currency per kWh: no site is larger, and tolerances of 1e-9 still mean something

Error refused(std::string place, std::string_view what) {
    return {.code = ErrorCode::validation_error, .message = std::move(place) + ": " + std::string(what)};
}

std::string at(std::string_view name, std::size_t index) {
    return std::string(name) + "[" + std::to_string(index) + "]";
}

Status within(const std::string& place, double value, double least, double greatest) {
    if (value >= least && value <= greatest) return Done{};
    return refused(place, std::isfinite(value)
                              ? "must be from " + std::to_string(least) + " to " + std::to_string(greatest) +
                                    ", is " + std::to_string(value)
                              : "is not a finite number");
}

Status series(std::string_view name, const std::vector<double>& values, std::size_t steps, double least) {
    if (values.size() != steps) {
        return refused(std::string(name), "has " + std::to_string(values.size()) + " values for " +
                                              std::to_string(steps) + " steps");
    }
    for (std::size_t t = 0; t < steps; ++t) {
        if (auto ok = within(at(name, t), values[t], least, most_sensible); !ok) return ok;
    }
    return Done{};
}

// Importing for less than exporting earns would be money from nothing, without end.
Status check_tariff(const std::string& exported, const std::vector<double>& export_price,
                    const std::vector<double>& import_price) {
    for (std::size_t t = 0; t < import_price.size(); ++t) {
        if (export_price[t] > import_price[t]) {
            return refused(
                at(exported, t),
                "is above the import price of the same step: buying and selling at once would pay; "
                "give an export price of at most the import price");
        }
    }
    return Done{};
}

struct Range {
    const char* name;
    double value, least, greatest;
};

Status check_battery(const Battery& battery, const Problem& problem, const std::string& place) {
    const double hour_share = 1.0 / problem.step_h;
    for (const Range& range : std::initializer_list<Range>{
             {"stored_kwh", battery.stored_kwh, -most_sensible, most_sensible},
             {"stored_min_kwh", battery.stored_min_kwh, 0, most_sensible},
             {"stored_max_kwh", battery.stored_max_kwh, battery.stored_min_kwh, most_sensible},
             {"charge_max_kw", battery.charge_max_kw, 0, most_sensible},
             {"discharge_max_kw", battery.discharge_max_kw, 0, most_sensible},
             {"charge_efficiency", battery.charge_efficiency, 0.01, 1},
             {"discharge_efficiency", battery.discharge_efficiency, 0.01, 1},
             {"self_discharge_per_h", battery.self_discharge_per_h, 0, 0.5 * hour_share},
             {"wear_per_kwh", battery.wear_per_kwh, 0, most_sensible},
             {"terminal_value_per_kwh", battery.terminal_value_per_kwh, -most_sensible, most_sensible},
             {"terminal_min_kwh", battery.terminal_min_kwh.value_or(0), 0, most_sensible}}) {
        if (auto ok = within(place + "." + range.name, range.value, range.least, range.greatest); !ok)
            return ok;
    }
    if (battery.reserve_kwh.empty()) return Done{};
    return series(place + ".reserve_kwh", battery.reserve_kwh, problem.steps(), 0);
}

Status check_demand(const DemandCharge& demand, std::size_t steps) {
    if (auto ok = within("demand.price_per_kw", demand.price_per_kw, 0, most_sensible); !ok) return ok;
    if (auto ok = within("demand.peak_so_far_kw", demand.peak_so_far_kw, 0, most_sensible); !ok) return ok;
    if (!demand.window.empty() && demand.window.size() != steps) {
        return refused("demand.window", "has " + std::to_string(demand.window.size()) + " values for " +
                                            std::to_string(steps) + " steps");
    }
    return Done{};
}

Status check_risk(const PriceRisk& risk, std::size_t steps) {
    if (auto ok = within("risk.level", risk.level, 0, 0.9999); !ok) return ok;
    if (auto ok = within("risk.aversion", risk.aversion, 0, 1); !ok) return ok;
    const std::size_t scenarios = risk.import_price_per_kwh.size();
    if (scenarios == 0 || scenarios > max_scenarios) {
        return refused("risk.import_price_per_kwh",
                       "must hold 1 to " + std::to_string(max_scenarios) + " scenarios");
    }
    if (risk.export_price_per_kwh.size() != scenarios) {
        return refused("risk.export_price_per_kwh", "has " +
                                                        std::to_string(risk.export_price_per_kwh.size()) +
                                                        " scenarios for " + std::to_string(scenarios));
    }
    for (std::size_t s = 0; s < scenarios; ++s) {
        const auto imported = at("risk.import_price_per_kwh", s);
        const auto exported = at("risk.export_price_per_kwh", s);
        const auto& paid = risk.import_price_per_kwh[s];
        const auto& earned = risk.export_price_per_kwh[s];
        if (auto ok = series(imported, paid, steps, -most_sensible); !ok) return ok;
        if (auto ok = series(exported, earned, steps, -most_sensible); !ok) return ok;
        if (auto ok = check_tariff(exported, earned, paid); !ok) return ok;
    }
    return Done{};
}

Status check_limits(const Problem& problem) {
    for (const Range& range :
         std::initializer_list<Range>{{"import_limit_kw", problem.import_limit_kw, 0, most_sensible},
                                      {"export_limit_kw", problem.export_limit_kw, 0, most_sensible}}) {
        if (auto ok = within(range.name, range.value, range.least, range.greatest); !ok) return ok;
    }
    if (!(problem.breaker_limit_kw >= problem.import_limit_kw)) {
        return refused("breaker_limit_kw", "must be at least import_limit_kw");
    }
    return Done{};
}

Status check_series(const Problem& problem) {
    const std::size_t steps = problem.steps();
    if (auto ok = series("load_kw", problem.load_kw, steps, 0); !ok) return ok;
    if (auto ok = series("import_price_per_kwh", problem.import_price_per_kwh, steps, -most_sensible); !ok)
        return ok;
    if (auto ok = series("export_price_per_kwh", problem.export_price_per_kwh, steps, -most_sensible); !ok)
        return ok;
    if (problem.pv_kw.empty()) return Done{};
    return series("pv_kw", problem.pv_kw, steps, 0);
}

}  // namespace

Status check(const Problem& problem) {
    if (problem.steps() == 0 || problem.steps() > max_steps) {
        return refused("load_kw", "must hold 1 to " + std::to_string(max_steps) + " steps, holds " +
                                      std::to_string(problem.steps()));
    }
    if (problem.batteries.empty() || problem.batteries.size() > max_batteries) {
        return refused("batteries", "must be 1 to " + std::to_string(max_batteries) + ", are " +
                                        std::to_string(problem.batteries.size()));
    }
    if (auto ok = within("step_h", problem.step_h, 1.0 / 3600, 24); !ok) return ok;
    if (auto ok = check_series(problem); !ok) return ok;
    if (auto ok =
            check_tariff("export_price_per_kwh", problem.export_price_per_kwh, problem.import_price_per_kwh);
        !ok)
        return ok;
    if (auto ok = check_limits(problem); !ok) return ok;
    if (problem.demand) {
        if (auto ok = check_demand(*problem.demand, problem.steps()); !ok) return ok;
    }
    if (problem.risk) {
        if (auto ok = check_risk(*problem.risk, problem.steps()); !ok) return ok;
    }
    for (std::size_t b = 0; b < problem.batteries.size(); ++b) {
        if (auto ok = check_battery(problem.batteries[b], problem, at("batteries", b)); !ok) return ok;
    }
    return Done{};
}

}  // namespace sitepower::dispatch
