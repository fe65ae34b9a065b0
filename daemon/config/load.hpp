// The inside of load_config, for tests and the fuzzer: the same from a document that is in memory already.
#pragma once

#include <optional>

#include "daemon/config/config.hpp"
#include "drivers/schema/document.hpp"

namespace sitepower::config {

std::optional<Config> make_config(const schema::Node& document, const ConfigPaths& paths,
                                  schema::Diagnostics& diagnostics, const SiteModel* running = nullptr);

}  // namespace sitepower::config
