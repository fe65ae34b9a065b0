// Made-up dispatch problems of every kind that the solver distinguishes, from a seed: the same seed gives the
// same problem everywhere. For tests and measurements.
#pragma once

#include <cstdint>

#include "core/dispatch/problem.hpp"

namespace sitepower::dispatch {

struct ProblemKind {
    std::size_t least_steps = 1, most_steps = 48;
    std::size_t most_batteries = 1;
    bool may_have_demand = true;
    bool may_be_negative = false;  // import prices below zero
    bool may_be_tight = true;      // limits that often leave no schedule
};

Problem random_problem(std::uint64_t seed, const ProblemKind& kind);

}  // namespace sitepower::dispatch
