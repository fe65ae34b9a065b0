// One local civil day as a vector of slots, and how a series on the UTC grid is cut into such days. The 23 h
// day lacks slots and the 25 h day repeats some: a repeated slot holds the mean of both, a lacking one the
// mean of its neighbours, marked. Values, any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "core/base/time.hpp"
#include "core/forecast/grid.hpp"

namespace sitepower::forecast {

// Of a slot, a feature or a forecast.
inline constexpr double no_value = std::numeric_limits<double>::quiet_NaN();

struct Day {
    std::chrono::sys_days date;  // local
    bool holiday = false;
    std::vector<double> target;  // one value per slot; NaN: unknown
    std::vector<std::vector<double>>
        covariates;  // in the order of the setup, one value per slot; NaN: unknown
};

// The values of one local day by slot, and how often each slot occurs in it: 1, on the days when clocks
// change also 0 or 2.
struct DaySlots {
    std::chrono::sys_days date;
    std::vector<double> values;
    std::vector<std::uint8_t> times;
};

// Whole local days only: what is before the first local midnight and after the last is left out. The step
// must divide a day.
std::vector<DaySlots> local_days(const RegularSeries& series, const CivilClock& clock);

}  // namespace sitepower::forecast
