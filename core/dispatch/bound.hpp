// Lower bounds on the cost of every schedule, by weak duality: for any multipliers whatever, the sum of the
// smallest Lagrangian costs of the single steps is below the optimum. No solver is trusted: wrong multipliers only make
// the bound loose. Any thread.
#pragma once

#include <vector>

#include "core/dispatch/problem.hpp"
#include "core/dispatch/step_cost.hpp"
#include "core/dispatch/windows.hpp"

namespace sitepower::dispatch {

struct Multipliers {
    std::vector<double> power_price;                // per kWh of residual load, [step]
    std::vector<std::vector<double>> energy_value;  // cost of a stored kWh more at the start, [battery][step]
    std::vector<double> peak_price;                 // per kW, >= 0, zero outside of the demand window, [step]
    std::vector<double> scenario_weight;            // with price risk: [scenario]
};

// One battery; a step's charge and discharge, import and export are minimised together, and physically: never
// charging and discharging at once. power_price is not needed. directions: the branch, or empty.
double lower_bound_one(const Problem& problem, const Window& window, const Multipliers& multipliers,
                       const std::vector<Direction>& directions);

// Several batteries: a sum of box minima; directions[battery][step], or empty.
double lower_bound(const Problem& problem, const std::vector<Window>& windows, const Multipliers& multipliers,
                   const std::vector<std::vector<Direction>>& directions);

}  // namespace sitepower::dispatch
