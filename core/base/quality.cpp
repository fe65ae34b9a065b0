#include "core/base/quality.hpp"

#include <array>

namespace sitepower {
namespace {

constexpr std::array<std::string_view, 6> words{"good",       "not_implemented", "out_of_range",
                                                "comm_error", "stale",           "invalid_scale"};

}  // namespace

std::string_view to_string(Quality quality) {
    const auto index = static_cast<std::size_t>(quality);
    return index < words.size() ? words[index] : "unknown";
}

std::optional<Quality> parse_quality(std::string_view word) {
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i] == word) return static_cast<Quality>(i);
    }
    return std::nullopt;
}

}  // namespace sitepower
