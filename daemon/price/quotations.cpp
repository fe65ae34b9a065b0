#include "daemon/price/quotations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace sitepower {
namespace {

using Json = nlohmann::json;
using Quotations = std::vector<Quotation>;

constexpr double no_price = std::numeric_limits<double>::quiet_NaN();
constexpr Duration longest_step{std::chrono::hours{24}};
// Seconds since 1970 stay below this until the year 5138, milliseconds are above it since 1973.
constexpr double least_milliseconds = 1e11;
constexpr double most_milliseconds = 4e12;  // the year 2096

Error refused(std::string message) {
    return {.code = ErrorCode::validation_error, .message = std::move(message), .detail = {}};
}

std::optional<double> number_of(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value))
        return std::nullopt;
    return value;
}

std::optional<Time> moment_of(double number) {
    const double ms = number < least_milliseconds ? 1000 * number : number;
    if (!(ms >= 0 && ms <= most_milliseconds)) return std::nullopt;
    return from_ms(static_cast<std::int64_t>(ms));
}

std::optional<Time> moment_of(std::string_view text) {
    if (const auto number = number_of(text)) return moment_of(*number);
    // A date alone is no moment: of which zone?
    if (text.size() <= 10) return std::nullopt;
    if (text.size() > 16 && text[13] == ':' && text[16] != ':') {
        // "2026-01-31T00:00+01:00"
        return parse_time(std::string(text.substr(0, 16)) + ":00" + std::string(text.substr(16)));
    }
    return parse_time(text);
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blank = " \t\r\"";
    const auto first = text.find_first_not_of(blank);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

std::string_view take(std::string_view& text, char separator) {
    const auto end = text.find(separator);
    const auto taken = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return taken;
}

// The field at `column`; nullopt where the line is shorter.
std::optional<std::string_view> field_of(std::string_view line, char separator, std::size_t column) {
    for (; column > 0; --column) {
        if (line.find(separator) == std::string_view::npos) return std::nullopt;
        take(line, separator);
    }
    return trimmed(take(line, separator));
}

std::optional<std::size_t> column_of(std::string_view header, char separator, std::string_view name) {
    for (std::size_t column = 0; !header.empty(); ++column) {
        if (trimmed(take(header, separator)) == name) return column;
    }
    return std::nullopt;
}

Result<Quotations> in_order(Quotations found) {
    const auto is_price = [](const Quotation& each) { return !std::isnan(each.price); };
    if (std::ranges::none_of(found, is_price)) return refused("there is no price in it");
    for (const auto& [from, price] : found) {
        if (std::abs(price) > most_price) {
            return refused(fmt::format("the price of {}, {:g}, is beyond the {:g} that prices are held to",
                                       format_time(from), price, most_price));
        }
    }
    std::ranges::stable_sort(found, {}, &Quotation::from);
    Quotations distinct;
    distinct.reserve(found.size());
    for (const auto& quotation : found) {
        if (!distinct.empty() && distinct.back().from == quotation.from) {
            distinct.back() = quotation;
        } else {
            distinct.push_back(quotation);
        }
    }
    return distinct;
}

// Null where the pointer leads nowhere, or is none.
const Json* find(const Json& root, const std::string& pointer) {
    try {
        const Json::json_pointer at(pointer);
        return root.contains(at) ? &root.at(at) : nullptr;
    } catch (const Json::exception&) {
        return nullptr;
    }
}

std::optional<double> number_of(const Json& json) {
    if (json.is_number()) {
        const auto value = json.get<double>();
        return std::isfinite(value) ? std::optional(value) : std::nullopt;
    }
    return json.is_string() ? number_of(std::string_view(json.get_ref<const std::string&>())) : std::nullopt;
}

std::optional<Time> moment_of(const Json& json) {
    if (json.is_number()) return moment_of(json.get<double>());
    return json.is_string() ? moment_of(std::string_view(json.get_ref<const std::string&>())) : std::nullopt;
}

// Adds element `index`, whose time and price are these; one without a price (null) ends the one before it.
std::optional<Error> add(const Json* time, const Json* price, std::size_t index, const std::string& where,
                         Quotations& found) {
    const auto from = time == nullptr ? std::nullopt : moment_of(*time);
    if (price == nullptr || price->is_null()) {
        if (from) found.push_back({*from, no_price});
        return std::nullopt;
    }
    const auto value = number_of(*price);
    if (!value) return refused(fmt::format("{}, element {}: the price is no number", where, index));
    if (!from) {
        return refused(fmt::format(
            "{}, element {}: the time is neither ISO 8601 with a zone nor seconds since 1970", where, index));
    }
    found.push_back({*from, *value});
    return std::nullopt;
}

Result<Quotations> from_list(const Json& list, const PricePointers& pointers) {
    const auto where = fmt::format("\"{}\"", *pointers.list);
    if (!list.is_array()) return refused(where + " leads to no list");
    if (list.size() > most_quotations) return refused("it holds more than 100000 prices");
    Quotations found;
    for (std::size_t i = 0; i < list.size(); ++i) {
        if (auto error = add(find(list[i], pointers.time), find(list[i], pointers.price), i, where, found))
            return *error;
    }
    return in_order(std::move(found));
}

Result<Quotations> from_two_lists(const Json& times, const Json& prices, const PricePointers& pointers) {
    if (!times.is_array() || !prices.is_array() || times.size() != prices.size()) {
        return refused(
            fmt::format("{} and {} are not two lists of one length", pointers.time, pointers.price));
    }
    if (prices.size() > most_quotations) return refused("it holds more than 100000 prices");
    Quotations found;
    for (std::size_t i = 0; i < prices.size(); ++i) {
        if (auto error = add(&times[i], &prices[i], i, pointers.price, found)) return *error;
    }
    return in_order(std::move(found));
}

}  // namespace

Result<Quotations> parse_quotations(std::string_view text, const PriceColumns& columns) {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    const auto header = take(text, '\n');
    const char separator = header.find(';') != std::string_view::npos ? ';' : ',';
    const auto time_column = column_of(header, separator, columns.time);
    const auto price_column = column_of(header, separator, columns.price);
    if (!time_column || !price_column) {
        return refused(
            fmt::format("line 1: there is no column \"{}\"", time_column ? columns.price : columns.time));
    }
    Quotations found;
    for (std::size_t line = 2; !text.empty(); ++line) {
        const auto row = take(text, '\n');
        if (trimmed(row).empty()) continue;
        const auto time = field_of(row, separator, *time_column);
        const auto price = field_of(row, separator, *price_column);
        if (!time || !price) return refused(fmt::format("line {}: it has too few columns", line));
        const auto from = moment_of(*time);
        const bool is_gap = price->empty();  // not published yet
        if (is_gap && !from) continue;
        if (!from) {
            return refused(fmt::format(
                "line {}: the time is neither ISO 8601 with a zone (2026-01-31T00:00:00+01:00) nor "
                "seconds since 1970",
                line));
        }
        const auto value = is_gap ? no_price : number_of(*price);
        if (!value) return refused(fmt::format("line {}: the price is no number", line));
        if (found.size() == most_quotations) return refused("it holds more than 100000 prices");
        found.push_back({*from, *value});
    }
    return in_order(std::move(found));
}

Result<Quotations> parse_quotations(std::string_view text, const PricePointers& pointers, Time now) {
    const auto root = Json::parse(text, nullptr, false);
    if (root.is_discarded()) return refused("it is no JSON");
    if (pointers.list) {
        const auto* list = find(root, *pointers.list);
        if (list == nullptr) return refused(fmt::format("there is nothing at {}", *pointers.list));
        return from_list(*list, pointers);
    }
    const auto* prices = find(root, pointers.price);
    if (prices == nullptr) return refused(fmt::format("there is nothing at {}", pointers.price));
    if (!pointers.time.empty()) {
        const auto* times = find(root, pointers.time);
        if (times == nullptr) return refused(fmt::format("there is nothing at {}", pointers.time));
        if (prices->is_array()) return from_two_lists(*times, *prices, pointers);
        Quotations found;
        if (auto error = add(times, prices, 0, pointers.price, found)) return *error;
        return in_order(std::move(found));
    }
    const auto value = number_of(*prices);
    if (!value) return refused(fmt::format("{} leads to no number", pointers.price));
    return in_order({{now, *value}});
}

std::vector<PriceStep> steps_of(const PriceSettings& settings, const Quotations& quotations, Duration alone) {
    std::vector<PriceStep> steps;
    steps.reserve(quotations.size());
    Duration length = alone;
    for (std::size_t i = 0; i < quotations.size(); ++i) {
        if (i + 1 < quotations.size())
            length = std::min(longest_step, quotations[i + 1].from - quotations[i].from);
        const auto from = quotations[i].from;
        if (std::isnan(quotations[i].price)) continue;
        steps.push_back({from, from + length, price_value(settings, quotations[i].price)});
    }
    return steps;
}

}  // namespace sitepower
