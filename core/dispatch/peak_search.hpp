// The best peak of one battery: the cost over the peak is convex and piecewise linear, and each chain gives
// its value and, from the multipliers, a line below it. The lowest point of a line from the left and one from
// the right is tried next, until it is no lower than the best found. Any thread.
#pragma once

#include <vector>

#include "core/dispatch/bound.hpp"
#include "core/dispatch/chain.hpp"
#include "core/dispatch/problem.hpp"
#include "core/dispatch/windows.hpp"

namespace sitepower::dispatch {

// The optimum of the relaxation (of the problem itself, where every step is convex).
struct Relaxation {
    bool feasible = false;
    std::size_t infeasible_step = 0;
    std::vector<double> change_kwh;
    double import_cap_kw = 0;
    std::vector<MixedStep> mixed_steps;
    Multipliers multipliers;
    std::size_t iterations = 0;
};

Relaxation relax_without_peak(Chain<double>& chain, const std::vector<Direction>& directions);
Relaxation search_peak(const Problem& problem, const Window& window, Chain<double>& chain,
                       const std::vector<Direction>& directions);

}  // namespace sitepower::dispatch
