// The schedule of several batteries: the interior point method proposes, every proposal is made a real
// schedule and judged by its real cost against the bound of weak duality; the best of both is kept. Negative
// prices are branched on. What does not fit is relaxed by prices above anything that a lower level is worth.
// Any thread.
#pragma once

#include <vector>

#include "core/dispatch/interior/layout.hpp"
#include "core/dispatch/one_battery.hpp"

namespace sitepower::dispatch {

// Gap of 1 + |cost| at which a schedule is taken for optimal and the search ends.
inline constexpr double several_gap = 4e-9;

// Not feasible: the method found no schedule within the limits; the relaxation has the last word on that.
Solved solve_several_batteries(const Problem& problem, const std::vector<Window>& windows);

// The lexicographic relaxation; bound is minus infinity: its levels are not certified.
Solved relax_several_batteries(const Problem& problem, const std::vector<Window>& windows);

}  // namespace sitepower::dispatch
