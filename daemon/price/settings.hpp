// Named price series as configured: where each comes from and in which unit. Filled from the configuration;
// plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "core/base/time.hpp"
#include "core/price/tariff.hpp"
#include "core/site/model.hpp"

namespace sitepower {

enum class PriceUnit : std::uint8_t {
    per_mwh,
    per_kwh,
    other,  // no price of energy: of a hash or a token, used with a yield
};

// Columns of a CSV text with a header line; separated by commas or semicolons.
struct PriceColumns {
    std::string time = "time";
    std::string price = "price";
    bool operator==(const PriceColumns&) const = default;
};

// JSON pointers (RFC 6901) into a JSON text: `price` and `time` lead to two lists of equal length, or within
// each element of `list` when there is one, or `price` alone to one number, which is the present price.
struct PricePointers {
    std::optional<std::string> list;  // "" is the whole text
    std::string time;
    std::string price;
    bool operator==(const PricePointers&) const = default;
};

struct PriceFile {
    std::string path;
    PriceColumns columns;
    bool operator==(const PriceFile&) const = default;
};

struct PriceAddress {
    std::string url;  // https or http; "{key}" in it stands for the key
    std::variant<PricePointers, PriceColumns> form;
    std::string key;         // a secret; empty: none
    std::string key_header;  // a header that carries it, "Authorization: Bearer {key}"; empty: none
    std::string ca_file;     // empty: the system's
    bool operator==(const PriceAddress&) const = default;
};

// What somebody publishes over MQTT.
struct PriceTopic {
    std::string topic;  // the whole name
    PricePointers form;
    bool operator==(const PriceTopic&) const = default;
};

struct PricePoint {
    PointRef point;
    std::string name;  // "DEVICE/point"
    // The place of a device among the others may change.
    bool operator==(const PricePoint& other) const { return name == other.name; }
};

struct PriceSettings {
    std::string id;
    std::string currency;  // "EUR"
    PriceUnit unit = PriceUnit::per_mwh;
    // What applies is what the source says times `factor` plus `surcharge`, both in the source's unit. Of a
    // tariff they are in its prices already.
    double factor = 1;
    double surcharge = 0;
    std::variant<Tariff, PriceFile, PriceAddress, PricePoint, PriceTopic> source;
    Duration interval{std::chrono::minutes{2}};      // between two looks at a file or an address
    Duration stale_after{std::chrono::minutes{60}};  // without news
};

// Whether what is known of one is as good for the other. A tariff is worked out anew anyway: false.
bool tells_the_same(const PriceSettings& one, const PriceSettings& other);
// Whether the source says a number without its time: the price of the present until it says another.
bool is_of_the_present(const PriceSettings& settings);

// From the source's number to what a PriceSeries holds: per kWh for energy.
double price_value(const PriceSettings& settings, double of_source);
// From what a PriceSeries holds to what leaves the program: per MWh for energy.
double shown_price(PriceUnit unit, double value);

}  // namespace sitepower
