#include "core/alert/alert.hpp"

#include <array>

namespace sitepower {
namespace {

template <std::size_t N, class Enum>
std::string_view word(const std::array<std::string_view, N>& words, Enum value) {
    const auto index = static_cast<std::size_t>(value);
    return index < N ? words[index] : "unknown";
}

}  // namespace

std::string_view to_string(Severity severity) {
    static constexpr std::array<std::string_view, 3> words{"info", "warning", "critical"};
    return word(words, severity);
}

std::string_view to_string(SubjectKind kind) {
    static constexpr std::array<std::string_view, 5> words{"site", "device", "ups", "string", "battery"};
    return word(words, kind);
}

std::string_view to_string(AlertTransition transition) {
    static constexpr std::array<std::string_view, 4> words{"triggered", "changed", "acknowledged",
                                                           "resolved"};
    return word(words, transition);
}

}  // namespace sitepower
