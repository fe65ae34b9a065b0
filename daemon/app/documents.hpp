// The reference documents that are made from tables: "sitepowerd print NAME". One row per document; "./dev
// docs" writes them all, and a test keeps the committed files equal.
#pragma once

#include <functional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>

namespace sitepower::documents {

struct Document {
    std::string_view name;  // "configuration"
    std::string_view file;  // "docs/configuration.md"
    std::string (*text)();
};

std::span<const Document> all();
// The names, for the help text.
std::string names();
// False, with a message on stderr, for an unknown name.
bool print(std::string_view name, std::ostream& out);

}  // namespace sitepower::documents
