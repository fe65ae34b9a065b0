#include "daemon/ctl/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "daemon/ctl/table.hpp"

namespace sitepower::ctl {
namespace {

constexpr std::string_view unknown_text = "-";

std::optional<Time> read_time(const Json& time) {
    if (!time.is_string()) return std::nullopt;
    return parse_time(time.get_ref<const std::string&>());
}

// Splits "a.b.c" into "a.b" and "c".
std::pair<std::string_view, std::string_view> split_last(std::string_view path) {
    const auto dot = path.rfind('.');
    if (dot == std::string_view::npos) return {{}, path};
    return {path.substr(0, dot), path.substr(dot + 1)};
}

}  // namespace

const Json& member(const Json& object, std::string_view path) {
    static const Json none;
    const Json* found = &object;
    while (!path.empty()) {
        const auto dot = path.find('.');
        if (!found->is_object()) return none;
        const auto next = found->find(std::string(path.substr(0, dot)));
        if (next == found->end()) return none;
        found = &*next;
        path.remove_prefix(dot == std::string_view::npos ? path.size() : dot + 1);
    }
    return *found;
}

namespace {

// Digits beyond the 15th of a double are noise, and hundreds of them no answer.
std::string significant_text(double value) {
    if (value == 0) return "0";
    const auto size = std::abs(value);
    if (size < 1e-9) return fmt::format("{:.6g}", value);
    const int decimals = std::clamp(5 - static_cast<int>(std::floor(std::log10(size))), 2, 14);
    auto text = fmt::format("{:.{}f}", value, decimals);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
    return text;
}

std::string number_text(double value, int decimals) {
    if (decimals == significant && std::abs(value) < 1e15) return significant_text(value);
    return std::abs(value) < 1e15 ? fmt::format("{:.{}f}", value, decimals) : fmt::format("{:.4g}", value);
}

std::string time_of_length(const Json& time, std::size_t length) {
    const auto then = read_time(time);
    if (!then) return std::string(unknown_text);
    auto text = format_time(*then).substr(0, length);
    text[10] = ' ';
    return text + 'Z';
}

}  // namespace

std::string value_text(const Json& value, std::string_view unit, int decimals) {
    if (value.is_null()) return std::string(unknown_text);
    if (value.is_string()) return printable(value.get_ref<const std::string&>());
    if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
    auto text = value.is_number_float() ? number_text(value.get<double>(), decimals) : to_text(value);
    if (!unit.empty()) text += ' ' + std::string(unit);
    return text;
}

std::string reason_text(const Json& object, std::string_view path) {
    const auto [parent, name] = split_last(path);
    const auto& reason = member(member(member(object, parent), "reasons"), name);
    if (!reason.is_string()) return {};
    auto text = printable(reason.get_ref<const std::string&>());
    // Reason codes are words of programs; sentences are left as they are.
    if (text.find(' ') == std::string::npos) std::ranges::replace(text, '_', ' ');
    return text;
}

std::string explained(const Json& object, std::string_view path, std::string_view unit, int decimals) {
    auto text = value_text(member(object, path), unit, decimals);
    if (const auto reason = reason_text(object, path); !reason.empty()) text += " (" + reason + ")";
    return text;
}

std::string count_text(std::uint64_t count, std::string_view one, std::string_view many) {
    return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string percent_text(const Json& share) {
    if (!share.is_number()) return std::string(unknown_text);
    return fmt::format("{:.1f} %", 100 * share.get<double>());
}

std::string duration_text(Duration duration) {
    using namespace std::chrono;
    const auto whole = [](auto value) { return value.count(); };
    if (duration < 1s) return fmt::format("{} ms", whole(duration));
    if (duration < 2min) return fmt::format("{} s", whole(floor<seconds>(duration)));
    if (duration < 2h) return fmt::format("{} min", whole(floor<minutes>(duration)));
    if (duration < 48h) return fmt::format("{} h", whole(floor<hours>(duration)));
    return fmt::format("{} d", whole(floor<days>(duration)));
}

std::string age_text(const Json& time, Time now) {
    const auto then = read_time(time);
    if (!then) return std::string(unknown_text);
    if (*then > now) return "in " + duration_text(*then - now);
    if (now - *then < std::chrono::seconds{1}) return "now";
    return duration_text(now - *then) + " ago";
}

std::string short_time_text(const Json& time) {
    return time_of_length(time, 19);
}

std::string exact_time_text(const Json& time) {
    return time_of_length(time, 23);
}

std::string time_text(const Json& time, Time now) {
    if (!read_time(time)) return std::string(unknown_text);
    return short_time_text(time) + " (" + age_text(time, now) + ")";
}

}  // namespace sitepower::ctl
