#include "bench/harness/payload.hpp"

#include <charconv>

namespace sitepower::bench {

std::optional<std::pair<std::size_t, std::size_t>> find_member(std::string_view json, std::string_view name) {
    for (auto at = json.find(name); at != std::string_view::npos; at = json.find(name, at + 1)) {
        auto begin = at + name.size();
        if (at == 0 || json[at - 1] != '"' || json.substr(begin, 2) != "\":") {
            continue;
        }
        begin += 2;
        const bool text = json.substr(begin, 1) == "\"";
        begin += text ? 1 : 0;
        const auto end = json.find_first_of(text ? "\"" : ",} ", begin);
        if (end != std::string_view::npos) {
            return std::pair{begin, end - begin};
        }
    }
    return std::nullopt;
}

std::optional<std::uint64_t> number_member(std::string_view json, std::string_view name) {
    const auto text = text_member(json, name);
    // Through double: the shortest text of a round number is one with an exponent, "1e+05".
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = error == std::errc() && end == text.data() + text.size() && value >= 0;
    return whole ? std::optional(static_cast<std::uint64_t>(value)) : std::nullopt;
}

std::string_view text_member(std::string_view json, std::string_view name) {
    const auto found = find_member(json, name);
    return found ? json.substr(found->first, found->second) : std::string_view{};
}

}  // namespace sitepower::bench
