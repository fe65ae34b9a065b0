// "sitepower-lab score": runs the estimators of the daemon over recorded batteries and prints how far they
// were off. One scorer per kind of data set; which one a file is for shows in its header.
#pragma once

#include <filesystem>
#include <vector>

#include "daemon/config/battery_shelf.hpp"
#include "daemon/lab/command.hpp"

namespace sitepower::lab {

Run describe_score(CLI::App& command);

// Each adds its figures, and says on stderr which file it could not use and why. True: all could be used.
bool score_soc(const std::vector<std::filesystem::path>& files, config::BatteryShelf& batteries,
               Report& report);
bool score_lead_acid(const std::vector<std::filesystem::path>& files, config::BatteryShelf& batteries,
                     Report& report);

// What a file holds, by its header and name.
enum class DatasetKind : std::uint8_t { soc, lead_acid, life, unknown };
DatasetKind dataset_kind(const std::string& header, const std::string& name);

}  // namespace sitepower::lab
