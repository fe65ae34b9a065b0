// From a problem to a plan with its proof. The status says what was proven, by replay and weak duality, not
// what a solver believes. Pure; any thread; a day takes microseconds with one battery and milliseconds with
// several.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "core/base/result.hpp"
#include "core/dispatch/bound.hpp"
#include "core/dispatch/problem.hpp"
#include "core/dispatch/schedule.hpp"

namespace sitepower::dispatch {

enum class PlanStatus : std::uint8_t {
    optimal,   // within all limits, and no schedule is cheaper by more than optimal_gap
    feasible,  // within all limits; the gap says how much cheaper another one might be
    relaxed,   // reserve, contract or terminal minimum cannot be kept: broken as little as possible, in that
               // order
    failed,    // no schedule; the reason names step and constraint
};

const char* name_of(PlanStatus status);

inline constexpr double optimal_gap = 1e-8;          // of 1 + |cost|
inline constexpr double tolerated_violation = 1e-6;  // kW and kWh

struct Certificate {
    double primal_cost = 0;
    double dual_cost = 0;  // the bound
    double relative_gap = 0;
    double power_violation_kw = 0;
    double energy_violation_kwh = 0;
    double simultaneous_kw = 0;
    std::size_t iterations = 0;
    std::size_t branches = 0;
};

// What a relaxed plan breaks.
struct Shortfall {
    double reserve_kwh_h = 0;
    double import_excess_kwh = 0;
    double import_excess_kw = 0;  // the largest
    double terminal_kwh = 0;
    double worst_reserve_kwh = 0;           // the largest missing at one time
    std::optional<std::size_t> first_step;  // in which reserve or contract is broken
    std::optional<std::size_t>
        recovered_at_step;  // from which the reserve is whole again, where it is before the end
};

struct Plan {
    PlanStatus status = PlanStatus::failed;
    std::string reason;  // one sentence unless optimal
    Schedule schedule;   // empty when failed
    Certificate certificate;
    Shortfall shortfall;
    Multipliers multipliers;  // what energy and power are worth; empty where unknown
};

// An error only where check() refuses the problem.
Result<Plan> make_plan(const Problem& problem);

}  // namespace sitepower::dispatch
