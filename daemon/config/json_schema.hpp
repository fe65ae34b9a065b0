// A table of keys as a JSON Schema (draft 2020-12), for editors that check TOML while it is written. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "drivers/schema/description.hpp"

namespace sitepower::config {

nlohmann::ordered_json json_schema(const schema::TableDescription& table, std::string_view title);

}  // namespace sitepower::config
