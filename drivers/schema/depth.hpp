// Guards the TOML parser, which recurses as deep as its input asks for. Pure.
#pragma once

#include <optional>
#include <string_view>

namespace sitepower::schema {

struct TooDeep {
    int line = 0;
    int column = 0;
};

// The first place where `text` opens more than `limit` brackets, or has more than `limit` dots in one key.
// Brackets and dots in strings and comments do not count.
std::optional<TooDeep> find_too_deep(std::string_view text, int limit);

}  // namespace sitepower::schema
