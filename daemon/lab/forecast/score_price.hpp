// Day-ahead prices against published forecasts: the protocol of Lago, Marcjasz, De Schutter, Weron (Applied
// Energy 293 (2021) 116983). Main thread.
#pragma once

#include <filesystem>
#include <vector>

#include "daemon/lab/report.hpp"

namespace sitepower::lab {

// Price files and their peers' files in any order. Scored are the days that the peers forecast; without peers
// the days after the first 1456, or after two thirds where there are fewer.
void score_price(const std::vector<std::filesystem::path>& files, Report& report);

}  // namespace sitepower::lab
