// Between which levels the stored energy of a battery must lie at the end of each step. A measured energy
// outside of its window is normal input: the window then opens just so far that the way back, as fast as
// limits allow, fits. Any thread.
#pragma once

#include <vector>

#include "core/dispatch/problem.hpp"

namespace sitepower::dispatch {

struct Window {
    std::vector<double> low_kwh;  // hard, end of each step: never relaxed
    std::vector<double> high_kwh;
    std::vector<double> floor_kwh;  // low, reserve and terminal minimum together: what a plan should keep
    bool starts_outside = false;    // the measured energy lies outside of [stored_min, stored_max]
};

Window window_of(const Problem& problem, const Battery& battery);
std::vector<Window> windows_of(const Problem& problem);

}  // namespace sitepower::dispatch
