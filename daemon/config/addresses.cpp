#include "daemon/config/addresses.hpp"

#include <fmt/format.h>

#include <charconv>

#include "core/base/identifier.hpp"

namespace sitepower::config {
namespace {

std::optional<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
    return port;
}

bool is_host_text(std::string_view text, bool may_have_colons) {
    constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    for (const char c : text) {
        if (allowed.find(c) == std::string_view::npos && !(may_have_colons && c == ':')) return false;
    }
    return !text.empty() && text.size() <= 253;
}

// What stands between braces: "n", "n:03", "string".
std::optional<std::string> fill_placeholder(std::string_view name, std::string_view string_id, int n) {
    if (name == "string") return std::string(string_id);
    if (name == "n") return std::to_string(n);
    if (name.size() == 4 && name.starts_with("n:0") && name[3] >= '1' && name[3] <= '9') {
        return fmt::format("{:0{}}", n, name[3] - '0');
    }
    return std::nullopt;
}

}  // namespace

std::optional<BrokerAddress> parse_host_and_port(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    auto host = text.substr(0, colon);
    const auto port = parse_port(text.substr(colon + 1));
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (bracketed) host = host.substr(1, host.size() - 2);
    if (!port || !is_host_text(host, bracketed)) return std::nullopt;
    return BrokerAddress{std::string(host), *port};
}

bool is_host_and_port(std::string_view text) {
    return parse_host_and_port(text).has_value();
}

std::optional<PointPath> parse_point_path(std::string_view text) {
    const auto slash = text.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const PointPath path{text.substr(0, slash), text.substr(slash + 1)};
    if (!is_identifier(path.device) || path.point.empty()) return std::nullopt;
    return path;
}

bool is_point_path(std::string_view text) {
    return parse_point_path(text).has_value();
}

bool is_metric(std::string_view text) {
    const auto slash = text.find('/');
    return slash != std::string_view::npos && is_identifier(text.substr(0, slash)) &&
           is_identifier(text.substr(slash + 1));
}

std::optional<std::string> fill_pattern(std::string_view pattern, std::string_view string_id, int n) {
    std::string text;
    while (!pattern.empty()) {
        const auto open = pattern.find_first_of("{}");
        text += pattern.substr(0, open);
        if (open == std::string_view::npos) break;
        const auto close = pattern.find('}', open);
        if (pattern[open] == '}' || close == std::string_view::npos) return std::nullopt;
        const auto value = fill_placeholder(pattern.substr(open + 1, close - open - 1), string_id, n);
        if (!value) return std::nullopt;
        text += *value;
        pattern.remove_prefix(close + 1);
    }
    return text;
}

bool has_number(std::string_view pattern) {
    return fill_pattern(pattern, "", 1) != fill_pattern(pattern, "", 2);
}

}  // namespace sitepower::config
