// Time series from CSV files: a header, then time and value per line. Every refusal names the line. Main
// thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/time.hpp"

namespace sitepower::lab {

struct SeriesPoint {
    Time time;
    int local_hour;  // as the file's time says, before its zone is taken off
    double value;
};

inline constexpr std::size_t max_series_points = 1'000'000;

// Times with zone, rising; values finite. The second column counts, further ones are ignored. A line that
// repeats the one before it counts once: exchanges' files do that where the clocks change.
Result<std::vector<SeriesPoint>> read_series(std::string_view text);

}  // namespace sitepower::lab
