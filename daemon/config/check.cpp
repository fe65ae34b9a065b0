#include "daemon/config/check.hpp"

#include <fmt/format.h>

#include "core/alert/rules.hpp"
#include "daemon/config/json_schema.hpp"
#include "daemon/config/tables.hpp"
#include "drivers/profile/keys.hpp"

namespace sitepower::config {
namespace {

std::string count(std::size_t number, std::string_view noun, std::string_view plural) {
    return fmt::format("{} {}", number, number == 1 ? noun : plural);
}

std::string summary(const Config& config) {
    const auto& model = *config.model;
    return fmt::format(
        "site {}: {} on {}, {} in {}", model.id, count(model.devices.size(), "device", "devices"),
        count(config.buses.size(), "bus", "buses"), count(model.batteries.size(), "battery", "batteries"),
        count(model.strings.size(), "string", "strings"));
}

}  // namespace

std::string error_report(const schema::Diagnostics& diagnostics) {
    std::string report;
    for (const auto& diagnostic : diagnostics.sorted()) report += schema::to_string(diagnostic) + '\n';
    if (diagnostics.omitted() > 0) report += fmt::format("... and {} more\n", diagnostics.omitted());
    return report + count(diagnostics.total(), "error", "errors") + '\n';
}

int run_check(const ConfigPaths& paths, std::ostream& out) {
    schema::Diagnostics diagnostics;
    const auto config = load_config(paths, diagnostics);
    if (!config) {
        out << error_report(diagnostics);
        return exit_bad_configuration;
    }
    out << paths.file << ": fine\n" << summary(*config) << '\n';
    return 0;
}

int run_reference(std::ostream& out) {
    out << schema::reference_page(site_file_table().description(), "Configuration reference");
    return 0;
}

int run_profile_reference(std::ostream& out) {
    out << schema::reference_page(profile_table().description(), "Device profiles");
    return 0;
}

int run_profile_schema(std::ostream& out) {
    out << json_schema(profile_table().description(), "device profile").dump(2) << '\n';
    return 0;
}

int run_schema(std::ostream& out) {
    out << json_schema(site_file_table().description(), "sitepower.toml").dump(2) << '\n';
    return 0;
}

}  // namespace sitepower::config
