// A small day that every test of the dispatch can bend: 8 steps of an hour, cheap then dear, one battery.
#pragma once

#include "core/dispatch/plan.hpp"
#include "core/dispatch/problem.hpp"

namespace sitepower::dispatch {

inline Battery small_battery() {
    return {.id = "BAT",
            .stored_kwh = 50,
            .stored_min_kwh = 10,
            .stored_max_kwh = 100,
            .charge_max_kw = 30,
            .discharge_max_kw = 40,
            .charge_efficiency = 0.95,
            .discharge_efficiency = 0.95,
            .wear_per_kwh = 0.01,
            .terminal_value_per_kwh = 0.1};
}

inline Problem small_problem() {
    return {.step_h = 1,
            .import_price_per_kwh = {0.1, 0.05, 0.08, 0.2, 0.3, 0.4, 0.35, 0.15},
            .export_price_per_kwh = {0.06, 0.01, 0.04, 0.16, 0.26, 0.36, 0.31, 0.11},
            .load_kw = {60, 55, 50, 70, 80, 90, 85, 65},
            .import_limit_kw = 150,
            .export_limit_kw = 50,
            .batteries = {small_battery()}};
}

inline Plan plan_of(const Problem& problem) {
    auto plan = make_plan(problem);
    return plan ? std::move(*plan) : Plan{.reason = plan.error().message};
}

inline double cost_of(const Problem& problem) {
    return plan_of(problem).certificate.primal_cost;
}

}  // namespace sitepower::dispatch
