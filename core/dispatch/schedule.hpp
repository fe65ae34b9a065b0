// A schedule, step by step, and what the plain model says of it: cost, broken limits. Replaying trusts no
// solver: it knows the problem and the schedule, and nothing of how the schedule came about. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "core/dispatch/problem.hpp"
#include "core/dispatch/windows.hpp"

namespace sitepower::dispatch {

struct BatterySchedule {
    std::vector<double> charge_kw;     // AC side, >= 0
    std::vector<double> discharge_kw;  // AC side, >= 0
    std::vector<double> stored_kwh;    // at the end of each step
};

struct Schedule {
    std::vector<double> import_kw;
    std::vector<double> export_kw;
    std::vector<double> curtailed_kw;
    std::vector<BatterySchedule> batteries;
    double peak_kw = 0;  // billed: the largest import in the demand window, at least the peak so far
};

struct Replay {
    double cost = 0;                  // the objective, from the schedule's powers alone
    double power_violation_kw = 0;    // the largest: balance, limits of grid, PV and batteries
    double energy_violation_kwh = 0;  // the largest: stored energy against powers, window
    double simultaneous_kw = 0;       // the largest min(charge, discharge)
    // What was relaxed: zero for a schedule within contract and reserve.
    double reserve_shortfall_kwh_h = 0;
    double import_excess_kwh = 0;
    double terminal_shortfall_kwh = 0;
};

// What a schedule may break: nothing, or what the relaxation may (contract, reserve, terminal minimum).
enum class Allowed : std::uint8_t { nothing, relaxation };

struct GridFlow {
    double import_kw = 0, export_kw = 0, curtailed_kw = 0;
};

// The cheapest way to cover residual_kw (load - PV + batteries): curtailment pays where selling does not, and
// never raises the import in the demand window above import_cap_kw.
GridFlow cover(const Problem& problem, std::size_t step, double residual_kw, double import_cap_kw);

// (1 - aversion) mean + aversion CVaR of the scenarios' energy costs, or the energy cost at the prices given.
double energy_cost(const Problem& problem, const Schedule& schedule);

Replay replay(const Problem& problem, const std::vector<Window>& windows, const Schedule& schedule,
              Allowed allowed);

// The schedule that moves the stored energies by change_kwh[battery][step], with the cheapest import, export
// and curtailment, the latter never raising the import in the demand window above import_cap_kw. Never
// charges and discharges at once.
Schedule settle(const Problem& problem, const std::vector<std::vector<double>>& change_kwh,
                double import_cap_kw = std::numeric_limits<double>::infinity());

}  // namespace sitepower::dispatch
