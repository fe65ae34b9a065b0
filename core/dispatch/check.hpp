// Refuses what is no problem: sizes that differ, numbers that are none, a tariff that would pay for buying
// and selling at once. Pure; any thread.
#pragma once

#include "core/base/result.hpp"
#include "core/dispatch/problem.hpp"

namespace sitepower::dispatch {

// Limits of what is accepted: 5 minutes over five weeks, and more batteries than one board feeds.
inline constexpr std::size_t max_steps = 10'080;
inline constexpr std::size_t max_batteries = 64;
inline constexpr std::size_t max_scenarios = 200;

// The first thing that is wrong, with its place ("batteries[1].charge_max_kw") and what is allowed.
Status check(const Problem& problem);

}  // namespace sitepower::dispatch
