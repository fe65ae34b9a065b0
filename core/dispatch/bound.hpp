// Lower bounds on the cost of every schedule, by weak duality: for any multipliers whatever, the sum of the
// smallest Lagrangian costs of the single steps is below the optimum. No solver is trusted: wrong multipliers
// only make the bound loose. Any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "core/dispatch/curve.hpp"
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

// The step, of those whose cost is not convex and whose direction is still open, whose part of the schedule
// is farthest above its part of lower_bound_one; empty where there is none.
std::optional<std::size_t> loosest_step(const Problem& problem, const Multipliers& multipliers,
                                        const std::vector<Direction>& directions,
                                        const std::vector<double>& change_kwh);

// One battery without a demand charge, from any functions of the stored energy at the end of each step: along
// every schedule they telescope, so that the value at the start plus the smallest that each step can add is
// below its cost. Exact for the true cost-to-go, also where steps are not convex.
double lower_bound_by_values(const Problem& problem, const Window& window,
                             const std::vector<Curve>& cost_to_go);

// Several batteries: a sum of box minima; directions[battery][step], or empty.
double lower_bound(const Problem& problem, const std::vector<Window>& windows, const Multipliers& multipliers,
                   const std::vector<std::vector<Direction>>& directions);

}  // namespace sitepower::dispatch
