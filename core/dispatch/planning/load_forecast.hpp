// The load of the steps ahead by the seasonal naive rule: what it was a week before, with what the rule was
// off by lately as its spread. Stands in where no better forecast is served. Pure; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/base/time.hpp"

namespace sitepower::dispatch {

inline constexpr Duration quarter_hour{900'000};

// Mean power of each quarter of an hour, oldest first; what is not known is NaN.
struct QuarterHistory {
    Time first{};  // begin of the first one, on a quarter of an hour
    std::vector<double> kw;

    // NaN outside.
    double at(Time time) const;
    // The end of the last quarter whose load is known; `first` where none is.
    Time known_until() const;
};

struct LoadForecast {
    std::vector<double> p50_kw, p90_kw, p95_kw;  // one per step; p50 <= p90 <= p95
    std::string method;                          // one sentence: what it was made from
};

// Empty when not one quarter of the last two days is known. `step` is a whole number of quarters of an hour,
// or a part of one that divides it.
std::optional<LoadForecast> forecast_load(const QuarterHistory& history, Time start, Duration step,
                                          std::size_t steps);

}  // namespace sitepower::dispatch
