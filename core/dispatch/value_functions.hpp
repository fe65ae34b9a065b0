// One battery where prices are so negative that steps are no longer convex: the same dynamic programme, on
// piecewise linear cost-to-go functions that need not be convex. Exact and without branching; the functions
// themselves prove the optimum (bound.hpp). Without a demand charge. Any thread.
#pragma once

#include <optional>
#include <vector>

#include "core/dispatch/curve.hpp"
#include "core/dispatch/problem.hpp"
#include "core/dispatch/windows.hpp"

namespace sitepower::dispatch {

// Points of one function beyond which the computation is given up.
inline constexpr std::size_t most_curve_points = 4'000;

struct ValueSolution {
    std::vector<Curve> cost_to_go;  // over the stored energy at the end of each step
    std::vector<double> change_kwh;
};

// Empty: no schedule exists, or a function grew too long.
std::optional<ValueSolution> solve_by_value_functions(const Problem& problem, const Window& window);

}  // namespace sitepower::dispatch
