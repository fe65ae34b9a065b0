// Where the data files are that are shipped with the program: beside it in a package or a source tree. For
// programs that run from either; the daemon's own directories are in ConfigPaths. Any thread.
#pragma once

#include <filesystem>
#include <string_view>

namespace sitepower::config {

// folder: "batteries", "fade". The first of ../share/sitepower/FOLDER, ../config/FOLDER and
// ../../config/FOLDER beside the program, else /usr/share/sitepower/FOLDER.
std::filesystem::path shipped(std::string_view folder);

}  // namespace sitepower::config
