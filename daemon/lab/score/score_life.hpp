// The rows of the scores on remaining life: cells that were cycled to their end of life, predicted at 30, 50,
// 70 and 90 % of it. Main thread.
#pragma once

#include <filesystem>
#include <vector>

#include "daemon/lab/report.hpp"

namespace sitepower::lab {

// Files as capacity_file.hpp describes them; others are refused. A cell whose curve is in the library is
// predicted without that curve. Without a library directory, the one that is shipped.
void score_life(const std::vector<std::filesystem::path>& files, Report& report);
void score_life(const std::vector<std::filesystem::path>& files, const std::filesystem::path& libraries,
                Report& report);

}  // namespace sitepower::lab
