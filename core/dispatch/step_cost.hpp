// The cost of one step as a function of the change of stored energy, with charge, discharge, import, export
// and curtailment already chosen best: convex and piecewise linear, except at zero where prices are so
// negative that burning energy in the battery's losses would pay. Any thread.
#pragma once

#include <array>
#include <cstddef>

#include "core/dispatch/problem.hpp"
#include "core/dispatch/slope.hpp"

namespace sitepower::dispatch {

// Which way a battery may go in a step; branching narrows it.
enum class Direction : std::int8_t { both = 0, charge = 1, discharge = -1 };

// Pieces from the largest change downwards: walking along them, the change falls from most_kwh and the cost
// rises by slope per kWh. The slopes ascend where the cost is convex.
template <class Slope>
struct StepCost {
    struct Piece {
        Slope slope;
        double width_kwh;
        bool mixed;  // replaces charging and discharging pieces by their convex envelope
    };
    std::array<Piece, 10> pieces;
    std::size_t size = 0;
    double most_kwh = 0;
    double least_kwh = 0;
    bool feasible = true;
    bool convex = true;
};

// Numbers of a battery that every step needs.
struct BatteryFactors {
    explicit BatteryFactors(const Battery& battery, double step_h)
        : stored_per_kw(step_h * battery.charge_efficiency),
          taken_per_kw(step_h / battery.discharge_efficiency),
          charge_slope(1 / battery.charge_efficiency),
          discharge_slope(battery.discharge_efficiency),
          wear(battery.wear_per_kwh),
          charge_max_kw(battery.charge_max_kw),
          discharge_max_kw(battery.discharge_max_kw),
          kept(kept_share(battery, step_h)) {}

    double stored_per_kw;    // kWh stored per kW of charge in a step
    double taken_per_kw;     // kWh taken per kW of discharge
    double charge_slope;     // cost per stored kWh of a power price of 1 per kWh
    double discharge_slope;  // earned per taken kWh
    double wear;
    double charge_max_kw, discharge_max_kw;
    double kept;

    double change_kwh(double power_kw) const {
        return power_kw * (power_kw > 0 ? stored_per_kw : taken_per_kw);
    }
    double power_kw(double change_kwh) const {
        return change_kwh / (change_kwh > 0 ? stored_per_kw : taken_per_kw);
    }
};

// The site's side of a step: what one more kW of residual load costs, as slopes over the residual.
template <class Slope>
struct GridCost {
    struct Piece {
        Slope slope;
        double width_kw;
    };
    std::array<Piece, 4> pieces;
    std::size_t size = 0;
    double least_kw = 0;  // where the first piece begins
};

// import_cap_kw: limit of the import in this step, contract included. Lexicographic: the contract may be
// exceeded up to the breaker, at its own level of cost, but not import_cap_kw where that is lower.
template <class Slope>
GridCost<Slope> grid_cost(const Problem& problem, std::size_t step, double import_cap_kw);

template <class Slope>
StepCost<Slope> step_cost(const BatteryFactors& battery, const GridCost<Slope>& grid, double net_load_kw,
                          Direction direction);

extern template GridCost<double> grid_cost(const Problem&, std::size_t, double);
extern template GridCost<LexicographicCost> grid_cost(const Problem&, std::size_t, double);
extern template StepCost<double> step_cost(const BatteryFactors&, const GridCost<double>&, double, Direction);
extern template StepCost<LexicographicCost> step_cost(const BatteryFactors&,
                                                      const GridCost<LexicographicCost>&, double, Direction);

}  // namespace sitepower::dispatch
