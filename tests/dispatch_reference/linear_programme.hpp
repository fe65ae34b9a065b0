// The dispatch problem as the textbook's linear programme, solved by COIN-OR CLP with tolerances of 1e-9: a
// second opinion that shares nothing with the solver but the problem. Absent where CLP is not installed.
#pragma once

#include <optional>
#include <vector>

#include "core/dispatch/problem.hpp"
#include "core/dispatch/step_cost.hpp"

namespace sitepower::dispatch {

struct ReferenceOptimum {
    bool feasible = false;
    double cost = 0;
    double solve_us = 0;
};

bool has_reference_solver();

// The relaxation that may charge and discharge at once, except where directions[battery][step] forbid it.
// Empty: CLP is absent or gave up.
std::optional<ReferenceOptimum> solve_by_reference(
    const Problem& problem, const std::vector<std::vector<Direction>>& directions = {});

}  // namespace sitepower::dispatch
