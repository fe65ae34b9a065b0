#include "core/dispatch/planning/outlook.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "core/base/number.hpp"

namespace sitepower::dispatch {
namespace {

constexpr double idle_kw = 0.01;
constexpr double told_as_same_kwh = 1e-3;

double shifted(double p50, double p90, double risk_aversion) {
    return p50 + risk_aversion * (p90 - p50);
}

// Empty where prices are shifted, or nothing is known that they might become instead.
std::optional<PriceRisk> risk_of(const SiteLimits& limits, const Outlook& outlook) {
    if (!limits.cvar_level || limits.risk_aversion <= 0 || outlook.price_scenarios.empty()) return {};
    PriceRisk risk{.level = *limits.cvar_level, .aversion = limits.risk_aversion};
    for (const auto& scenario : outlook.price_scenarios) {
        auto& earned = risk.export_price_per_kwh.emplace_back(scenario.export_price);
        for (std::size_t t = 0; t < earned.size(); ++t)
            earned[t] = std::min(earned[t], scenario.import_price[t]);
        risk.import_price_per_kwh.push_back(scenario.import_price);
    }
    return risk;
}

double mean_price(const std::vector<double>& prices) {
    double sum = 0;
    for (const double price : prices) sum += price;
    return prices.empty() ? 0 : sum / static_cast<double>(prices.size());
}

std::vector<double> reserve_of(const BatteryLimits& limits, const BatteryNow& now, const Outlook& outlook) {
    if (limits.required_autonomy_min <= 0 || now.critical_load_p95_kw.empty()) return {};
    const double autonomy_h = limits.required_autonomy_min / 60;
    const double step_h = static_cast<double>(outlook.step.count()) / 3.6e6;
    const auto covered = static_cast<std::size_t>(std::max(1.0, std::ceil(autonomy_h / step_h - 1e-9)));
    const auto& load_kw = now.critical_load_p95_kw;
    std::vector<double> reserve;
    for (std::size_t t = 0; t < load_kw.size(); ++t) {
        // At the end of step t the outage would begin in step t + 1; the last step stands for what follows
        // it.
        const auto begin = std::min(t + 1, load_kw.size() - 1);
        const auto end = std::min(begin + covered, load_kw.size());
        const double most_kw = *std::max_element(load_kw.begin() + static_cast<std::ptrdiff_t>(begin),
                                                 load_kw.begin() + static_cast<std::ptrdiff_t>(end));
        reserve.push_back(autonomy_h * most_kw / limits.discharge_efficiency);
    }
    return reserve;
}

Battery battery_of(const BatteryLimits& limits, const BatteryNow& now, const Outlook& outlook,
                   double mean_import_price) {
    Battery battery;
    battery.id = limits.id;
    battery.stored_kwh = now.capacity_kwh * now.charge_pct / 100;
    battery.stored_min_kwh = now.capacity_kwh * limits.charge_min_pct / 100;
    battery.stored_max_kwh = now.capacity_kwh * limits.charge_max_pct / 100;
    battery.charge_max_kw = limits.charge_max_kw;
    battery.discharge_max_kw = limits.discharge_max_kw;
    battery.charge_efficiency = limits.charge_efficiency;
    battery.discharge_efficiency = limits.discharge_efficiency;
    battery.self_discharge_per_h = limits.self_discharge_pct_per_day / 100 / 24;
    battery.wear_per_kwh = limits.wear_per_kwh;
    battery.reserve_kwh = reserve_of(limits, now, outlook);
    battery.terminal_value_per_kwh = limits.terminal_value_per_kwh.value_or(
        std::max(0.0, limits.discharge_efficiency * mean_import_price - limits.wear_per_kwh));
    return battery;
}

std::string per_mwh(double per_kwh) {
    return decimal_text(1000 * per_kwh, 1) + "/MWh";
}

// What a stored kWh is worth at the end of the step; empty where the plan does not know it.
std::optional<double> worth_after(const Problem& problem, const Plan& plan, std::size_t battery,
                                  std::size_t step) {
    if (step + 1 == problem.steps()) return problem.batteries[battery].terminal_value_per_kwh;
    if (battery >= plan.multipliers.energy_value.size()) return std::nullopt;
    const auto& values = plan.multipliers.energy_value[battery];
    if (step + 1 >= values.size()) return std::nullopt;
    return -values[step + 1];
}

}  // namespace

Problem make_problem(const SiteLimits& limits, const std::vector<BatteryLimits>& batteries,
                     const Outlook& outlook, const std::vector<BatteryNow>& now) {
    Problem problem;
    problem.step_h = static_cast<double>(outlook.step.count()) / 3.6e6;
    for (std::size_t t = 0; t < outlook.load_p50_kw.size(); ++t) {
        const auto& import_price = outlook.import_price[t];
        const double price = limits.cvar_level
                                 ? import_price.p50
                                 : shifted(import_price.p50, import_price.p90, limits.risk_aversion);
        problem.import_price_per_kwh.push_back(price);
        // Caution does not count on dearer sales, and a sale above the purchase would be bought for ever.
        problem.export_price_per_kwh.push_back(std::min(price, outlook.export_price[t].p50));
        problem.load_kw.push_back(
            shifted(outlook.load_p50_kw[t], outlook.load_p90_kw[t], limits.risk_aversion));
    }
    problem.pv_kw = outlook.pv_kw;
    problem.import_limit_kw = limits.import_limit_kw;
    problem.export_limit_kw = limits.export_limit_kw;
    if (limits.breaker_limit_kw) problem.breaker_limit_kw = *limits.breaker_limit_kw;
    if (limits.demand_price_per_kw > 0) {
        problem.demand = DemandCharge{.price_per_kw = limits.demand_price_per_kw,
                                      .peak_so_far_kw = outlook.peak_so_far_kw,
                                      .window = outlook.in_demand_window};
    }
    problem.risk = risk_of(limits, outlook);
    const double mean = mean_price(problem.import_price_per_kwh);
    for (std::size_t b = 0; b < batteries.size(); ++b)
        problem.batteries.push_back(battery_of(batteries[b], now[b], outlook, mean));
    return problem;
}

std::vector<std::string> reasons_of(const Problem& problem, const Plan& plan, std::size_t battery) {
    std::vector<std::string> reasons;
    if (battery >= plan.schedule.batteries.size()) return reasons;
    const auto& limits = problem.batteries[battery];
    const auto& moves = plan.schedule.batteries[battery];
    for (std::size_t t = 0; t < problem.steps(); ++t) {
        const double reserve = limits.reserve_kwh.empty() ? 0 : limits.reserve_kwh[t];
        const double stored = moves.stored_kwh[t];
        const auto worth = worth_after(problem, plan, battery, t);
        const std::string later =
            worth ? ": a stored kWh is worth " + per_mwh(*worth) + " later" : std::string();
        const auto price = per_mwh(problem.import_price_per_kwh[t]);
        std::string text;
        if (stored < reserve - told_as_same_kwh) {
            text = "below the reserve by " + decimal_text(reserve - stored, 1) + " kWh" +
                   (moves.charge_kw[t] > idle_kw ? ", charges back to it" : "");
        } else if (moves.charge_kw[t] > idle_kw) {
            text = problem.net_load_kw(t) < -idle_kw ? "stores surplus generation" : "charges at " + price;
            text += later;
        } else if (moves.discharge_kw[t] > idle_kw) {
            const double import_kw = plan.schedule.import_kw[t];
            if (import_kw >= problem.import_limit_kw - idle_kw) {
                text = "keeps the import within the contract of " + decimal_text(problem.import_limit_kw, 1) +
                       " kW";
            } else if (problem.in_demand_window(t) && import_kw >= plan.schedule.peak_kw - idle_kw) {
                text = "holds the billed peak at " + decimal_text(plan.schedule.peak_kw, 1) + " kW";
            } else {
                text = "discharges at " + price;
                text += later;
            }
        } else if (reserve > 0 && stored <= reserve + told_as_same_kwh) {
            text = "holds the reserve of " + decimal_text(reserve, 1) + " kWh";
        } else if (stored >= limits.stored_max_kwh - told_as_same_kwh) {
            text = "is full" + later;
        } else if (stored <= limits.stored_min_kwh + told_as_same_kwh) {
            text = "is empty, and charging at " + price + " does not pay";
        } else {
            text = "waits: at " + price + " neither charging nor discharging pays";
        }
        reasons.push_back(std::move(text));
    }
    return reasons;
}

}  // namespace sitepower::dispatch
