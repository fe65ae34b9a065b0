// The smallest peak that one battery can hold, and the proof that there is no smaller one. Any thread.
#pragma once

#include <optional>
#include <vector>

#include "core/dispatch/problem.hpp"
#include "core/dispatch/step_cost.hpp"
#include "core/dispatch/windows.hpp"

namespace sitepower::dispatch {

struct LeastPeak {
    double peak_kw = 0;
    bool forced = false;  // by what follows; otherwise it is the peak so far
    // A ray of multipliers: with any factor it bounds the peak from below at peak_kw.
    std::vector<double> energy_value;
    std::vector<double> peak_price;
    double price_sum = 0;  // of peak_price
};

// Empty: no peak at all suffices. directions: one per step, or empty.
std::optional<LeastPeak> least_peak(const Problem& problem, const Window& window,
                                    const std::vector<Direction>& directions);

}  // namespace sitepower::dispatch
