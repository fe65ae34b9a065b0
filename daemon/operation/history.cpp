#include "daemon/operation/history.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace sitepower {
namespace {

constexpr std::array<std::pair<Resolution, std::string_view>, 4> words{{
    {Resolution::automatic, "auto"},
    {Resolution::raw, "raw"},
    {Resolution::minute, "1m"},
    {Resolution::quarter, "15m"},
}};

}  // namespace

std::string_view to_string(Resolution resolution) {
    return words[static_cast<std::size_t>(resolution)].second;
}

std::optional<Resolution> parse_resolution(std::string_view word) {
    const auto* found = std::ranges::find(words, word, &std::pair<Resolution, std::string_view>::second);
    if (found == words.end()) return std::nullopt;
    return found->first;
}

}  // namespace sitepower
