// The site configuration: any text ends as a configuration or as diagnostics, and exactly one of the two.
// What follows a line "%%" is merged like a file of conf.d.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "daemon/config/check.hpp"
#include "daemon/config/diff.hpp"
#include "daemon/config/load.hpp"

using sitepower::config::make_config;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto second = text.find("\n%%\n");
    sitepower::schema::Diagnostics diagnostics;
    auto document = sitepower::schema::parse_document(text.substr(0, second), "first.toml", diagnostics);
    if (second != std::string_view::npos) {
        auto more = sitepower::schema::parse_document(text.substr(second + 4), "second.toml", diagnostics);
        if (document && more) merge(*document, std::move(*more), diagnostics);
    }
    if (!document) return 0;
    sitepower::config::ConfigPaths paths;
    paths.profile_directories = {SITEPOWER_SOURCE_DIR "/tests/golden/configuration/devices"};
    paths.battery_directories = {SITEPOWER_SOURCE_DIR "/config/batteries"};
    const auto config = make_config(*document, paths, diagnostics);
    if (config.has_value() != diagnostics.empty()) std::abort();
    if (!config && sitepower::config::error_report(diagnostics).empty()) std::abort();
    if (config && diff(*config, *config).any()) std::abort();
    return 0;
}
