// The exact schedule of one battery: the chain of chain.hpp, a demand charge by cutting lines over the peak,
// and branching on charge or discharge where negative prices make a step's cost other than convex. Any
// thread.
#pragma once

#include <cstddef>
#include <vector>

#include "core/dispatch/bound.hpp"
#include "core/dispatch/problem.hpp"
#include "core/dispatch/schedule.hpp"
#include "core/dispatch/windows.hpp"

namespace sitepower::dispatch {

struct Solved {
    bool feasible = false;
    std::size_t infeasible_step = 0;  // where not: no schedule gets past this step
    Schedule schedule;
    double bound = 0;            // no schedule is cheaper: from bound.hpp
    Multipliers multipliers;     // of the last relaxation; with branching, of its root
    std::size_t iterations = 0;  // chains or Newton steps
    std::size_t branches = 0;
};

Solved solve_one_battery(const Problem& problem, const Window& window);

}  // namespace sitepower::dispatch
