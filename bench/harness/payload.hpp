// Reads and rewrites single numbers in the JSON of readings without parsing all of it: the subscriber of a
// bench sees tens of thousands of them a second. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace sitepower::bench {

// Where the text of member `name`'s value begins and how long it is (up to the next comma, brace or space);
// nullopt when there is no such member. For strings, the text between the quotes.
std::optional<std::pair<std::size_t, std::size_t>> find_member(std::string_view json, std::string_view name);

std::optional<std::uint64_t> number_member(std::string_view json, std::string_view name);
// Empty when there is none.
std::string_view text_member(std::string_view json, std::string_view name);

}  // namespace sitepower::bench
