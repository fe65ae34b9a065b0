// A plan that is made while its first step is under way. The problem knows steps of one length only; what is
// over of the first one must not count as energy that is still to come. Pure; any thread.
#pragma once

#include "core/base/result.hpp"
#include "core/dispatch/plan.hpp"

namespace sitepower::dispatch {

// `problem.batteries[].stored_kwh`: what is stored now; `left`: the share of the first step to come, in
// (0, 1]. On return it is what would have been stored at the step's begin if the battery had done all along
// what the plan wants of the step: so its end is where the rest of the step leads from now. Since the two
// hang together they are found in a few rounds; where they do not meet, the round that came closest counts.
// Costs of the step count whole; that changes no choice, since what has been is the same for all.
Result<Plan> make_plan_within_step(Problem& problem, double left);

}  // namespace sitepower::dispatch
