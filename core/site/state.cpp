#include "core/site/state.hpp"

#include <array>

namespace sitepower {
namespace {

template <std::size_t N, class Enum>
std::string_view word(const std::array<std::string_view, N>& words, Enum value) {
    const auto index = static_cast<std::size_t>(value);
    return index < N ? words[index] : "unknown";
}

}  // namespace

std::string_view to_string(DeviceStatus status) {
    static constexpr std::array<std::string_view, 4> words{"unknown", "online", "stale", "offline"};
    return word(words, status);
}

std::string_view to_string(EstimateStatus status) {
    static constexpr std::array<std::string_view, 4> words{"ok", "degraded", "prior_only", "unknown"};
    return word(words, status);
}

std::string_view to_string(HealthStatus status) {
    static constexpr std::array<std::string_view, 4> words{"healthy", "warning", "critical", "unknown"};
    return word(words, status);
}

}  // namespace sitepower
