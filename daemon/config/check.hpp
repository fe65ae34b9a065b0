// What `sitepowerd check` and `sitepowerd print` do. Called by main; returns the exit status.
#pragma once

#include <ostream>
#include <string>

#include "daemon/config/config.hpp"
#include "drivers/schema/diagnostic.hpp"

namespace sitepower::config {

// One line per error, "file:line:column: key: message", and how many there are.
std::string error_report(const schema::Diagnostics& diagnostics);

// Loads the configuration and says what is wrong with it, or what it holds. 0 or exit_bad_configuration.
int run_check(const ConfigPaths& paths, std::ostream& out);

// The reference page (docs/configuration.md) and the JSON Schema (docs/sitepower.schema.json). 0.
int run_reference(std::ostream& out);
int run_schema(std::ostream& out);
// The same of device profiles (docs/profiles.md, docs/profile.schema.json).
int run_profile_reference(std::ostream& out);
int run_profile_schema(std::ostream& out);

}  // namespace sitepower::config
