#include "drivers/schema/rule.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <string>

#include "core/base/identifier.hpp"

namespace sitepower::schema {
namespace {

constexpr std::size_t max_text = 1024;

bool has_control_characters(std::string_view text) {
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

bool is_plain_text(std::string_view text) {
    return text.size() <= max_text && !has_control_characters(text);
}

// A single colon is a port that belongs into its own key, and four numbers with dots are an address or a
// mistake.
bool is_host(std::string_view text) {
    if (std::ranges::count(text, ':') == 1) return false;
    if (text.find_first_not_of("0123456789.") == std::string_view::npos) {
        in_addr address{};
        if (inet_pton(AF_INET, std::string(text).c_str(), &address) != 1) return false;
    }
    return !text.empty() && text.size() <= 253 && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
               c == '-' || c == '_' || c == ':';
    });
}

bool has_format(std::string_view text, Format format) {
    switch (format) {
        case Format::any:
            return !text.empty() && is_plain_text(text);
        case Format::optional:
            return is_plain_text(text);
        case Format::identifier:
            return is_identifier(text);
        case Format::host:
            return is_host(text);
        case Format::path:
            return text.starts_with('/') && is_plain_text(text);
    }
    return false;
}

std::string_view format_words(Format format) {
    switch (format) {
        case Format::any:
            return "a text of 1 to 1024 characters";
        case Format::optional:
            return "a text of at most 1024 characters";
        case Format::identifier:
            return "an identifier (1 to 64 letters, digits, - or _)";
        case Format::host:
            return "a host name or an IP address, without a port";
        case Format::path:
            return "an absolute path";
    }
    return "";
}

std::string range_words(const ValueRule& rule, std::string_view noun) {
    const std::string unit = rule.unit.empty() ? "" : " " + rule.unit;
    if (!rule.rule.range) return std::string(noun) + (unit.empty() ? "" : " of" + unit);
    const auto& range = *rule.rule.range;
    if (range.minimum == range.maximum) return fmt::format("the number {}{}", range.minimum, unit);
    if (std::isinf(range.maximum)) return fmt::format("{} of at least {}{}", noun, range.minimum, unit);
    return fmt::format("{} from {} to {}{}", noun, range.minimum, range.maximum, unit);
}

std::string text_words(const ValueRule& rule) {
    if (!rule.rule.choices.empty()) {
        std::string words = "one of ";
        for (const auto& choice : rule.rule.choices)
            words += (&choice == rule.rule.choices.data() ? "\"" : ", \"") + choice + '"';
        return words;
    }
    return std::string(rule.rule.expected.empty() ? format_words(rule.rule.format) : rule.rule.expected);
}

std::string shown(const Node& node) {
    if (const auto* integer = std::get_if<std::int64_t>(&node.value)) return std::to_string(*integer);
    if (const auto* number = std::get_if<double>(&node.value)) return fmt::format("{}", *number);
    if (const auto* truth = std::get_if<bool>(&node.value)) return *truth ? "true" : "false";
    if (const auto* date = std::get_if<Date>(&node.value)) return date->text;
    const auto* text = std::get_if<std::string>(&node.value);
    return text ? quoted(*text) : std::string(kind_name(node));
}

bool refuse(const Node& node, const std::string& path, const ValueRule& rule, Diagnostics& diagnostics) {
    const auto* text = std::get_if<std::string>(&node.value);
    const auto* control =
        text != nullptr && has_control_characters(*text) ? " without control characters" : "";
    diagnostics.add(origin(node.position, path),
                    fmt::format("expected {}{}, not {}", expected(rule), control, shown(node)));
    return false;
}

bool in_range(double value, const ValueRule& rule) {
    return std::isfinite(value) &&
           (!rule.rule.range || (value >= rule.rule.range->minimum && value <= rule.rule.range->maximum));
}

bool accepts(std::string_view text, const ValueRule& rule) {
    const auto& choices = rule.rule.choices;
    if (!choices.empty()) return std::find(choices.begin(), choices.end(), text) != choices.end();
    return has_format(text, rule.rule.format) && (!rule.rule.valid || rule.rule.valid(text));
}

}  // namespace

std::string quoted(std::string_view text) {
    constexpr std::size_t most = 60;
    auto end = std::min(text.size(), most);
    // Not in the middle of a UTF-8 sequence.
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    std::string result = "\"";
    for (const char c : text.substr(0, end)) {
        const auto byte = static_cast<unsigned char>(c);
        result += byte < 0x20 || byte == 0x7f ? fmt::format("\\x{:02x}", byte) : std::string(1, c);
    }
    return result + (end < text.size() ? "...\"" : "\"");
}

std::string expected(const ValueRule& rule) {
    switch (rule.type) {
        case ValueType::boolean:
            return "true or false";
        case ValueType::integer:
            return range_words(rule, "an integer");
        case ValueType::number:
            return range_words(rule, "a number");
        case ValueType::date:
            return "a date such as 2024-05-31";
        case ValueType::integer_or_text:
            return range_words(rule, "an integer") + " or " + text_words(rule);
        case ValueType::text:
            return text_words(rule);
    }
    return "";
}

bool read_value(const Node& node, const std::string& path, const ValueRule& rule, Diagnostics& diagnostics,
                bool& out) {
    const auto* value = std::get_if<bool>(&node.value);
    if (!value) return refuse(node, path, rule, diagnostics);
    out = *value;
    return true;
}

bool read_value(const Node& node, const std::string& path, const ValueRule& rule, Diagnostics& diagnostics,
                std::int64_t& out) {
    const auto* value = std::get_if<std::int64_t>(&node.value);
    if (!value || !in_range(double(*value), rule)) return refuse(node, path, rule, diagnostics);
    out = *value;
    return true;
}

bool read_value(const Node& node, const std::string& path, const ValueRule& rule, Diagnostics& diagnostics,
                double& out) {
    const auto* integer = std::get_if<std::int64_t>(&node.value);
    const auto* number = std::get_if<double>(&node.value);
    if (!integer && !number) return refuse(node, path, rule, diagnostics);
    const double value = integer ? double(*integer) : *number;
    if (!in_range(value, rule)) return refuse(node, path, rule, diagnostics);
    out = value;
    return true;
}

bool read_value(const Node& node, const std::string& path, const ValueRule& rule, Diagnostics& diagnostics,
                std::string& out) {
    const auto* value = std::get_if<std::string>(&node.value);
    if (!value || !accepts(*value, rule)) return refuse(node, path, rule, diagnostics);
    out = *value;
    return true;
}

bool read_value(const Node& node, const std::string& path, const ValueRule& rule, Diagnostics& diagnostics,
                Time& out) {
    const auto* text = std::get_if<std::string>(&node.value);
    const auto* date = std::get_if<Date>(&node.value);
    const auto time = parse_time(date ? date->text : text ? *text : "");
    if (!time) return refuse(node, path, rule, diagnostics);
    out = *time;
    return true;
}

bool read_value(const Node& node, const std::string& path, const ValueRule& rule, Diagnostics& diagnostics,
                IntegerOrText& out) {
    const auto* integer = std::get_if<std::int64_t>(&node.value);
    const auto* text = std::get_if<std::string>(&node.value);
    if (integer && in_range(double(*integer), rule)) {
        out = *integer;
    } else if (text && accepts(*text, rule)) {
        out = *text;
    } else {
        return refuse(node, path, rule, diagnostics);
    }
    return true;
}

std::optional<DurationUnit> duration_unit(std::string_view key) {
    constexpr std::array<DurationUnit, 5> units{
        {{"ms", 1}, {"s", 1000}, {"min", 60'000}, {"h", 3'600'000}, {"days", 86'400'000}}};
    for (const auto& unit : units) {
        if (key.ends_with("_" + std::string(unit.name))) return unit;
    }
    return std::nullopt;
}

namespace {

// How many insertions, deletions, replacements and swaps of neighbours lead from one word to the other.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before_last(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(last.begin(), last.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({replaced, last[j] + 1, row[j - 1] + 1});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = std::min(row[j], before_last[j - 2] + 1);
            }
        }
        before_last.swap(last);
        last.swap(row);
    }
    return last[b.size()];
}

}  // namespace

std::string_view closest(std::string_view word, const std::vector<std::string_view>& known) {
    constexpr std::size_t longest_word = 64;  // bounds the work for absurd keys
    std::string_view best;
    std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
    if (word.size() > longest_word) return best;
    for (const auto candidate : known) {
        const auto distance = edit_distance(word, candidate);
        if (distance < best_distance && distance < candidate.size()) {
            best = candidate;
            best_distance = distance;
        }
    }
    // "timeout" for "response_timeout_ms": too far in letters, near in meaning.
    if (best.empty() && word.size() >= 4) {
        for (const auto candidate : known) {
            if (candidate.find(word) != std::string_view::npos) return candidate;
        }
    }
    return best;
}

}  // namespace sitepower::schema
