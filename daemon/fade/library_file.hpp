// Fade libraries as files: config/fade/ID.toml, written by `sitepower-lab learn-fade`, read at start-up and
// by the scores. Any thread.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/battery/rul/trajectory/library.hpp"
#include "drivers/schema/diagnostic.hpp"

namespace sitepower::fade {

struct LibraryFile {
    std::string id;        // the file's name without .toml
    std::string source;    // whose batteries these were
    std::string age_unit;  // "cycles"
    LibraryParameters parameters;
    std::vector<FadeShape> curves;
};

// nullopt after an error, which is in `diagnostics` with its place in the file.
std::optional<LibraryFile> parse_library(std::string_view text, std::string_view file,
                                         schema::Diagnostics& diagnostics);
std::optional<LibraryFile> load_library(const std::filesystem::path& path, schema::Diagnostics& diagnostics);

// The text that parse_library reads back: ages in full, health to 0.01 %.
std::string library_text(const LibraryFile& library);

}  // namespace sitepower::fade
