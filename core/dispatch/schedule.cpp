#include "core/dispatch/schedule.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace sitepower::dispatch {
namespace {

double scenario_cost(const Problem& problem, const Schedule& schedule, std::size_t scenario) {
    const auto& paid = problem.risk->import_price_per_kwh[scenario];
    const auto& earned = problem.risk->export_price_per_kwh[scenario];
    double cost = 0;
    for (std::size_t t = 0; t < problem.steps(); ++t)
        cost += problem.step_h * (paid[t] * schedule.import_kw[t] - earned[t] * schedule.export_kw[t]);
    return cost;
}

// Rockafellar and Uryasev, "Optimization of conditional value-at-risk", J. Risk 2 (2000): the mean of the
// worst (1 - level) of equally likely costs, a share of the last one included.
double risk_cost(const PriceRisk& risk, std::vector<double> costs) {
    std::ranges::sort(costs, std::greater<>());
    const auto scenarios = static_cast<double>(costs.size());
    double mean = 0;
    double tail = 0;
    double left = (1 - risk.level) * scenarios;
    for (const double cost : costs) {
        mean += cost / scenarios;
        tail += cost * std::clamp(left, 0.0, 1.0);
        left -= 1;
    }
    return (1 - risk.aversion) * mean + risk.aversion * tail / ((1 - risk.level) * scenarios);
}

void grow(double& largest, double value) {
    // A NaN must not pass as "no violation".
    if (!(value <= largest)) largest = std::isnan(value) ? std::numeric_limits<double>::infinity() : value;
}

void grow_outside(double& largest, double value, double least, double greatest) {
    grow(largest, least - value);
    grow(largest, value - greatest);
}

void replay_grid(const Problem& problem, const Schedule& schedule, Allowed allowed, Replay& result) {
    const bool relaxed = allowed == Allowed::relaxation;
    const double most_kw = relaxed ? problem.breaker_limit_kw : problem.import_limit_kw;
    for (std::size_t t = 0; t < problem.steps(); ++t) {
        double balance_kw = schedule.import_kw[t] - schedule.export_kw[t] - schedule.curtailed_kw[t];
        for (const auto& battery : schedule.batteries)
            balance_kw -= battery.charge_kw[t] - battery.discharge_kw[t];
        grow(result.power_violation_kw, std::abs(balance_kw - problem.net_load_kw(t)));
        grow_outside(result.power_violation_kw, schedule.import_kw[t], 0, most_kw);
        grow_outside(result.power_violation_kw, schedule.export_kw[t], 0, problem.export_limit_kw);
        grow_outside(result.power_violation_kw, schedule.curtailed_kw[t], 0, problem.pv_at(t));
        if (problem.in_demand_window(t))
            grow(result.power_violation_kw, schedule.import_kw[t] - schedule.peak_kw);
        result.import_excess_kwh +=
            problem.step_h * std::max(schedule.import_kw[t] - problem.import_limit_kw, 0.0);
    }
}

void replay_battery(const Problem& problem, const Battery& battery, const Window& window,
                    const BatterySchedule& schedule, Allowed allowed, Replay& result) {
    const double kept = kept_share(battery, problem.step_h);
    double stored_kwh = battery.stored_kwh;
    for (std::size_t t = 0; t < problem.steps(); ++t) {
        const double charge_kw = schedule.charge_kw[t];
        const double discharge_kw = schedule.discharge_kw[t];
        grow_outside(result.power_violation_kw, charge_kw, 0, battery.charge_max_kw);
        grow_outside(result.power_violation_kw, discharge_kw, 0, battery.discharge_max_kw);
        grow(result.simultaneous_kw, std::min(charge_kw, discharge_kw));
        const double in_kwh = problem.step_h * battery.charge_efficiency * charge_kw;
        const double out_kwh = problem.step_h * discharge_kw / battery.discharge_efficiency;
        stored_kwh = kept * stored_kwh + in_kwh - out_kwh;
        result.cost += battery.wear_per_kwh * (in_kwh + out_kwh);
        grow(result.energy_violation_kwh, std::abs(stored_kwh - schedule.stored_kwh[t]));
        const auto& low = allowed == Allowed::relaxation ? window.low_kwh : window.floor_kwh;
        grow_outside(result.energy_violation_kwh, stored_kwh, low[t], window.high_kwh[t]);
        if (!battery.reserve_kwh.empty()) {
            result.reserve_shortfall_kwh_h +=
                problem.step_h * std::max(battery.reserve_kwh[t] - stored_kwh, 0.0);
        }
    }
    result.terminal_shortfall_kwh += std::max(battery.terminal_min_kwh.value_or(0) - stored_kwh, 0.0);
    result.cost -= battery.terminal_value_per_kwh * stored_kwh;
}

}  // namespace

GridFlow cover(const Problem& problem, std::size_t step, double residual_kw, double import_cap_kw) {
    const double pv_kw = problem.pv_at(step);
    double curtailed_kw = 0;
    if (problem.import_price_per_kwh[step] < 0) {
        // Being paid to import: all PV off, as far as the contract and the peak carry it.
        const bool counts = problem.in_demand_window(step);
        const double most_kw =
            counts ? std::min(problem.import_limit_kw, import_cap_kw) : problem.import_limit_kw;
        curtailed_kw = std::clamp(most_kw - residual_kw, 0.0, pv_kw);
    } else if (problem.export_price_per_kwh[step] < 0) {
        curtailed_kw = std::clamp(-residual_kw, 0.0, pv_kw);
    } else {
        curtailed_kw = std::clamp(-residual_kw - problem.export_limit_kw, 0.0, pv_kw);
    }
    const double grid_kw = residual_kw + curtailed_kw;
    return {std::max(grid_kw, 0.0), std::max(-grid_kw, 0.0), curtailed_kw};
}

double energy_cost(const Problem& problem, const Schedule& schedule) {
    if (problem.risk) {
        std::vector<double> costs(problem.risk->import_price_per_kwh.size());
        for (std::size_t s = 0; s < costs.size(); ++s) costs[s] = scenario_cost(problem, schedule, s);
        return risk_cost(*problem.risk, std::move(costs));
    }
    double cost = 0;
    for (std::size_t t = 0; t < problem.steps(); ++t) {
        cost += problem.step_h * (problem.import_price_per_kwh[t] * schedule.import_kw[t] -
                                  problem.export_price_per_kwh[t] * schedule.export_kw[t]);
    }
    return cost;
}

Replay replay(const Problem& problem, const std::vector<Window>& windows, const Schedule& schedule,
              Allowed allowed) {
    Replay result{.cost = energy_cost(problem, schedule)};
    replay_grid(problem, schedule, allowed, result);
    for (std::size_t b = 0; b < problem.batteries.size(); ++b) {
        replay_battery(problem, problem.batteries[b], windows[b], schedule.batteries[b], allowed, result);
    }
    if (problem.demand) {
        const double above_kw = schedule.peak_kw - problem.demand->peak_so_far_kw;
        grow(result.power_violation_kw, -above_kw);
        result.cost += problem.demand->price_per_kw * above_kw;
    }
    if (!std::isfinite(result.cost)) grow(result.power_violation_kw, result.cost);
    return result;
}

Schedule settle(const Problem& problem, const std::vector<std::vector<double>>& change_kwh,
                double import_cap_kw) {
    const std::size_t steps = problem.steps();
    const std::vector<double> zeros(steps, 0.0);
    Schedule schedule{zeros, zeros, zeros, {problem.batteries.size(), {zeros, zeros, zeros}}, 0};
    for (std::size_t b = 0; b < problem.batteries.size(); ++b) {
        const Battery& battery = problem.batteries[b];
        BatterySchedule& moves = schedule.batteries[b];
        const double charge_kw_per_kwh = 1 / (problem.step_h * battery.charge_efficiency);
        const double discharge_kw_per_kwh = battery.discharge_efficiency / problem.step_h;
        const double kept = kept_share(battery, problem.step_h);
        double stored_kwh = battery.stored_kwh;
        for (std::size_t t = 0; t < steps; ++t) {
            const double change = change_kwh[b][t];
            moves.charge_kw[t] = std::max(change, 0.0) * charge_kw_per_kwh;
            moves.discharge_kw[t] = std::max(-change, 0.0) * discharge_kw_per_kwh;
            stored_kwh = kept * stored_kwh + change;
            moves.stored_kwh[t] = stored_kwh;
        }
    }
    schedule.peak_kw = problem.demand ? problem.demand->peak_so_far_kw : 0;
    for (std::size_t t = 0; t < steps; ++t) {
        double residual_kw = problem.net_load_kw(t);
        for (const auto& moves : schedule.batteries)
            residual_kw += moves.charge_kw[t] - moves.discharge_kw[t];
        const GridFlow flow = cover(problem, t, residual_kw, import_cap_kw);
        schedule.import_kw[t] = flow.import_kw;
        schedule.export_kw[t] = flow.export_kw;
        schedule.curtailed_kw[t] = flow.curtailed_kw;
        if (problem.in_demand_window(t)) schedule.peak_kw = std::max(schedule.peak_kw, flow.import_kw);
    }
    return schedule;
}

}  // namespace sitepower::dispatch
