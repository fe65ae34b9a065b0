// Price series.
#include <algorithm>
#include <array>
#include <charconv>

#include "daemon/config/addresses.hpp"
#include "daemon/config/quarters.hpp"
#include "daemon/config/tables.hpp"

namespace sitepower::config {

using schema::Diagnostics;
using schema::Format;
using schema::Range;
using schema::Table;

namespace {

bool is_currency(std::string_view text) {
    return text.size() == 3 && std::ranges::all_of(text, [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool is_port(std::string_view text) {
    unsigned port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    return error == std::errc{} && end == text.data() + text.size() && port >= 1 && port <= 65535;
}

bool is_web_address(std::string_view text) {
    if (!text.starts_with("https://") && !text.starts_with("http://")) return false;
    if (text.find(' ') != std::string_view::npos) return false;
    text.remove_prefix(text.find("//") + 2);
    auto host = text.substr(0, text.find_first_of("/?#"));
    if (const auto user = host.rfind('@'); user != std::string_view::npos) host.remove_prefix(user + 1);
    const auto colon = host.find(':', host.starts_with('[') ? host.find(']') : 0);
    if (colon == std::string_view::npos) return !host.empty();
    return colon > 0 && is_port(host.substr(colon + 1));
}

bool is_topic(std::string_view text) {
    return text.size() <= 256 && text.find_first_of("+#") == std::string_view::npos && !text.starts_with('$');
}

bool is_pointer(std::string_view text) {
    if (!text.empty() && !text.starts_with('/')) return false;
    for (auto tilde = text.find('~'); tilde != std::string_view::npos; tilde = text.find('~', tilde + 1)) {
        const auto escaped = text.substr(tilde + 1, 1);
        if (escaped != "0" && escaped != "1") return false;
    }
    return true;
}

schema::Rule pointer() {
    return {.format = Format::optional,
            .valid = is_pointer,
            .expected = "a JSON pointer such as \"/data/prices\", ~0 for ~ and ~1 for / in a name"};
}

Table<PricePeriodEntry> period_table() {
    return Table<PricePeriodEntry>("period",
                                   "A time in which a price of a tariff applies. The first one that fits "
                                   "counts, and the last one "
                                   "must fit always: it has a price only.")
        .origins(&PricePeriodEntry::origins)
        .key("price", &PricePeriodEntry::price, {.range = Range{-1e6, 1e6}, .required = true},
             "In the unit of the series.")
        .key("months", &PricePeriodEntry::months, {.range = Range{1, 12}, .max_items = 12},
             "Of the year, January is 1: `[11, 12, 1, 2]`. Without them all.")
        .key("weekdays", &PricePeriodEntry::weekdays,
             {.choices = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"}, .max_items = 7},
             "Of the moment itself, also past midnight. Without them all.")
        .key("from", &PricePeriodEntry::from, quarter_rule(), "By the clocks of the location.")
        .key("to", &PricePeriodEntry::to, quarter_rule(),
             "Exclusive. Before `from` it is over midnight; equal to it the whole day.");
}

// Which keys go with which source.
struct KeyOf {
    const char* key;
    std::array<bool, 5> goes_with;  // tariff, file, address, point, mqtt
    bool required = false;
};
constexpr std::array keys{
    KeyOf{"period", {true, false, false, false, false}, true},
    KeyOf{"path", {false, true, false, false, false}, true},
    KeyOf{"url", {false, false, true, false, false}, true},
    KeyOf{"point", {false, false, false, true, false}, true},
    KeyOf{"topic", {false, false, false, false, true}, true},
    KeyOf{"location", {true, false, false, false, false}},
    KeyOf{"time_column", {false, true, true, false, false}},
    KeyOf{"price_column", {false, true, true, false, false}},
    KeyOf{"list_pointer", {false, false, true, false, true}},
    KeyOf{"time_pointer", {false, false, true, false, true}},
    KeyOf{"price_pointer", {false, false, true, false, true}},
    KeyOf{"key_credential", {false, false, true, false, false}},
    KeyOf{"key_header", {false, false, true, false, false}},
    KeyOf{"ca_file", {false, false, true, false, false}},
    KeyOf{"interval_s", {false, true, true, false, false}},
    KeyOf{"stale_after_min", {false, true, true, true, true}},
    KeyOf{"factor", {false, true, true, true, true}},
    KeyOf{"surcharge", {false, true, true, true, true}},
};
constexpr std::array source_names{"tariff", "file", "address", "point", "mqtt"};

void check_price(const PriceEntry& price, Diagnostics& diagnostics) {
    const auto source = static_cast<std::size_t>(price.source);
    for (const auto& key : keys) {
        const bool given = price.origins.has(key.key);
        if (given && !key.goes_with.at(source)) {
            diagnostics.add(price.origins.of(key.key),
                            std::string("does not go with source = \"") + source_names.at(source) + '"');
        } else if (!given && key.required && key.goes_with.at(source)) {
            diagnostics.add(price.origins.of(key.key),
                            std::string("is missing: source = \"") + source_names.at(source) + "\" needs it");
        }
    }
    if (price.source == PriceKind::mqtt) {
        if (!price.origins.has("price_pointer"))
            diagnostics.add(price.origins.of("price_pointer"), "is missing: \"\" is a payload of one number");
        if (price.list_pointer && price.time_pointer.empty())
            diagnostics.add(price.origins.of("time_pointer"), "is missing: list_pointer needs it");
    }
    if (price.source != PriceKind::address) return;
    const bool csv = price.origins.has("time_column") || price.origins.has("price_column");
    const bool json = price.origins.has("price_pointer");
    if (csv == json) {
        diagnostics.add(price.origins.of("price_pointer"),
                        "is missing: an answer in JSON needs price_pointer, one in CSV time_column and "
                        "price_column, and not both");
    }
    if (price.list_pointer && price.time_pointer.empty())
        diagnostics.add(price.origins.of("time_pointer"), "is missing: list_pointer needs it");
    const bool place_for_key =
        price.url.find("{key}") != std::string::npos || price.key_header.find("{key}") != std::string::npos;
    if (place_for_key != !price.key_credential.empty()) {
        diagnostics.add(price.origins.of("key_credential"),
                        place_for_key ? "is missing: {key} stands for it"
                                      : "has no place: put {key} into url or key_header");
    } else if (place_for_key && price.url.starts_with("http://")) {
        diagnostics.add(price.origins.of("url"), "would send the key without encryption: use https");
    }
    if (!price.key_header.empty() && price.key_header.find(": ") == std::string::npos)
        diagnostics.add(price.origins.of("key_header"), "is no header: expected \"Name: value\"");
}

}  // namespace

Table<PriceEntry> price_table() {
    return Table<PriceEntry>(
               "price",
               "One price series under a name, from one source: `tariff` (periods in this file), `file` "
               "(CSV), "
               "`address` (HTTPS, JSON or CSV), `point` (measured by a device) or `mqtt` (JSON that somebody "
               "publishes at the broker). Later news replaces "
               "earlier. "
               "A series without news, or without a price of the present, raises the alert `price_stale`.")
        .origins(&PriceEntry::origins)
        .key("id", &PriceEntry::id, {.format = Format::identifier, .required = true},
             "Names the series in the operation `prices`: `energy_price`.")
        .key("currency", &PriceEntry::currency,
             {.required = true, .valid = is_currency, .expected = "three capital letters such as \"EUR\""},
             "ISO 4217.")
        .choice(
            "unit", &PriceEntry::unit,
            {{"per_mwh", PriceUnit::per_mwh}, {"per_kwh", PriceUnit::per_kwh}, {"other", PriceUnit::other}},
            "Of what the source says: of energy, or of something else such as a hash.")
        .choice("source", &PriceEntry::source,
                {{"tariff", PriceKind::tariff},
                 {"file", PriceKind::file},
                 {"address", PriceKind::address},
                 {"point", PriceKind::point},
                 {"mqtt", PriceKind::mqtt}},
                "Where it comes from.", true)
        .key("factor", &PriceEntry::factor, {.range = Range{-1000, 1000}},
             "What applies is the source's price times this")
        .key("surcharge", &PriceEntry::surcharge, {.range = Range{-1e6, 1e6}},
             "plus this, in the unit of the series: taxes, grid fees.")
        .tables("period", &PriceEntry::periods, period_table(), {.max_items = 100, .min_items = 1},
                "Of a tariff.")
        .key("location", &PriceEntry::location, {.format = Format::identifier},
             "Whose clocks a tariff goes by; may be left out where there is only one location.")
        .key("path", &PriceEntry::path, {.format = Format::path},
             "Of a CSV file with a line of column names; commas or semicolons between columns. Times are ISO "
             "8601 with their zone, or seconds or milliseconds since 1970; a price counts until the next.")
        .key("time_column", &PriceEntry::time_column, {}, "Its column of times; without it `time`.")
        .key("price_column", &PriceEntry::price_column, {}, "Its column of prices; without it `price`.")
        .key("url", &PriceEntry::url,
             {.valid = is_web_address,
              .expected = "an address such as https://host/path or http://host:8080/path"},
             "Asked with GET. `{key}` stands for the key.")
        .key("list_pointer", &PriceEntry::list_pointer, pointer(),
             "JSON pointer to a list, whose elements hold a time and a price each; \"\" is the whole answer.")
        .key("time_pointer", &PriceEntry::time_pointer, pointer(),
             "JSON pointer to the time in each element; without list_pointer to a list of times.")
        .key("price_pointer", &PriceEntry::price_pointer, pointer(),
             "Likewise to the price. Without list_pointer and time_pointer to one number: the present price.")
        .key("key_credential", &PriceEntry::key_credential, {.format = Format::identifier},
             "The systemd credential that holds the key.")
        .forbidden("key", "a key does not belong in this file: name a systemd credential in key_credential")
        .key("key_header", &PriceEntry::key_header, {},
             "Header that carries the key: `Authorization: Bearer {key}`.")
        .key("ca_file", &PriceEntry::ca_file, {.format = Format::path},
             "Certificates to trust; without it the system's.")
        .key("point", &PriceEntry::point, point_path(), "The point that measures it.")
        .key("topic", &PriceEntry::topic,
             {.valid = is_topic, .expected = "a topic without wildcards, at most 256 bytes"},
             "The whole topic, at the broker of this site; the payload is JSON. A retained message counts "
             "where "
             "time_pointer says of when it is.")
        .key("interval_s", &PriceEntry::interval, {.range = Range{10, 86'400}},
             "How often a file or an address is looked at.")
        .key("stale_after_min", &PriceEntry::stale_after, {.range = Range{1, 10'080}},
             "Without news for so long the series is stale.")
        .check(check_price);
}

}  // namespace sitepower::config
