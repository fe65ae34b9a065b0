// Histories of capacity over cycles as CSV files: a header with at least cell, cycle and capacity_ah, one row
// per cycle, the rows of a cell together. Main thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace sitepower::lab {

struct CellHistory {
    std::string cell;
    std::vector<double> cycle;  // ascending
    std::vector<double> capacity_ah;
};

// True when the first line names the columns of such a file.
bool is_capacity_file(const std::filesystem::path& path);
// Refused with file and line: a number that is none, a capacity that is not above 0, cycles that do not
// ascend, more than 10 000 cells.
Result<std::vector<CellHistory>> read_capacities(const std::filesystem::path& path);

// The name without its number at the end: cells of one protocol are usually numbered, "3C_battery-7" and
// "CY25-05_1-#7".
std::string group_of(const std::string& cell);

}  // namespace sitepower::lab
