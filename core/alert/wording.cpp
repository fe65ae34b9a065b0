#include "core/alert/wording.hpp"

#include <array>
#include <charconv>

#include "core/alert/book.hpp"

namespace sitepower {
namespace {

// Independent of the locale, unlike printf.
std::string number(double value) {
    std::array<char, 32> buffer{};
    const auto [end, error] =
        std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::general, 4);
    return error == std::errc{} ? std::string(buffer.data(), end) : std::string("?");
}

std::string quantity(double value, std::string_view unit) {
    if (unit == "1" || unit.empty()) return number(value);
    return number(value) + " " + std::string(unit == "Cel" ? "C" : unit);
}

constexpr std::string_view quiet_from = " (not at present";

}  // namespace

std::string alert_message(const Rule& rule, const Observation& observation) {
    std::string text(rule.message);
    std::string_view separator = ": ";
    const auto add = [&](std::string_view part) {
        text += separator;
        text += part;
        separator = ", ";
    };
    if (observation.actual) add(quantity(*observation.actual, rule.unit));
    if (observation.threshold) add("limit " + quantity(*observation.threshold, rule.unit));
    if (!observation.detail.empty()) add(observation.detail);
    return text;
}

std::string quiet_message(const std::string& message, std::uint32_t flaps) {
    return std::string(without_quiet(message)) + std::string(quiet_from) + "; it has come back " +
           std::to_string(flaps) + (flaps == 1 ? " time" : " times") +
           " and is over when it stays away for 10 min)";
}

std::string_view without_quiet(std::string_view message) {
    return message.substr(0, message.find(quiet_from));
}

std::string_view detail_of(const Rule& rule, std::string_view message) {
    auto detail = without_quiet(message);
    detail.remove_prefix(std::min(detail.size(), rule.message.size() + 2));
    return detail;
}

std::vector<std::string_view> parts_of(std::string_view list) {
    constexpr std::string_view separator = ", ";
    std::vector<std::string_view> parts;
    for (auto end = list.find(separator); end != std::string_view::npos; end = list.find(separator)) {
        parts.push_back(list.substr(0, end));
        list.remove_prefix(end + separator.size());
    }
    parts.push_back(list);
    return parts;
}

}  // namespace sitepower
