// What to do when nothing fits: one battery by the lexicographic chain, several by the elastic interior
// point. Any thread.
#pragma once

#include <optional>

#include "core/dispatch/problem.hpp"
#include "core/dispatch/schedule.hpp"
#include "core/dispatch/windows.hpp"

namespace sitepower::dispatch {

struct RelaxedSchedule {
    bool feasible = false;
    std::size_t infeasible_step = 0;
    Schedule schedule;
    std::size_t iterations = 0;
};

// Least missing to the reserve, then least import above the contract, then least missing to the terminal
// minimum, then least cost. Not feasible: window, powers or breaker cannot be kept at that step.
RelaxedSchedule relax(const Problem& problem, const std::vector<Window>& windows);

}  // namespace sitepower::dispatch
