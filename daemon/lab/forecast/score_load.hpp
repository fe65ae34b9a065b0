// Day-ahead load from midnight, with the day's temperature known and without any. Main thread.
#pragma once

#include <filesystem>
#include <vector>

#include "daemon/lab/report.hpp"

namespace sitepower::lab {

// Scored are the days after the first 365. The temperature is the measured one: an upper bound of what a
// weather forecast gives.
void score_load(const std::vector<std::filesystem::path>& files, Report& report);

}  // namespace sitepower::lab
