// The schedule in closed loop over a long time, simulated: plan, carry out one step against the real load,
// plan again from what is really stored. Shows what a battery would have earned, and that the reserve is
// kept. Pure; any thread.
#pragma once

#include <cstddef>
#include <vector>

#include "core/base/result.hpp"
#include "core/dispatch/problem.hpp"

namespace sitepower::dispatch {

// What the loop knows about the future.
enum class Foresight : std::uint8_t {
    perfect,    // prices and load of the whole horizon
    day_ahead,  // prices as published: of today, from 13:00 on of tomorrow; beyond, and for the load: a week
                // before
};

struct LoopSetup {
    double step_h = 1;
    std::vector<double> import_price_per_kwh;  // real, one per step
    std::vector<double> load_kw;               // real
    std::vector<int> hour_of_day;              // local, of each step
    double export_discount_per_kwh = 0.02;     // export price = import price - discount
    double import_limit_kw = 0, export_limit_kw = 0;
    Battery battery;            // its reserve comes from the autonomy
    double autonomy_h = 0;      // for which the critical load must last
    double critical_share = 1;  // of the load
    double load_margin = 1.15;  // the reserve is planned for the forecast times this: about a p95
    std::size_t horizon_steps = 36;
    Foresight foresight = Foresight::day_ahead;
};

struct LoopResult {
    double cost = 0;  // energy and wear, less the value of what is left above the start
    double cost_without_battery = 0;
    double cost_perfect = 0;  // one plan over the whole time with perfect knowledge
    double cycles = 0;        // discharged over the window's width
    std::size_t reserve_breaches =
        0;  // steps that end below the reserve although charging could have kept it
    std::size_t unavoidable_shortfalls = 0;
    double peak_kw = 0;
    double peak_without_battery_kw = 0;
    std::size_t plans_failed = 0;    // steps in which the safe setpoint was used instead
    std::vector<double> stored_kwh;  // at the end of each step
};

// The longest time that is simulated: a year of hours and a bit.
inline constexpr std::size_t most_loop_steps = 10'000;

Result<LoopResult> run_closed_loop(const LoopSetup& setup);

}  // namespace sitepower::dispatch
