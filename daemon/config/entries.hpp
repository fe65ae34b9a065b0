// The site configuration as it stands in the files: one struct per table of keys (tables.hpp), references
// still as text, places kept for the checks that follow. Lives only while a configuration is loaded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/time.hpp"
#include "core/site/model.hpp"
#include "core/site/settings.hpp"
#include "daemon/config/control_entries.hpp"
#include "daemon/config/scaling_entries.hpp"
#include "daemon/forecast/settings.hpp"
#include "daemon/journal/journal.hpp"
#include "daemon/planner/settings.hpp"
#include "daemon/price/settings.hpp"
#include "daemon/publish/settings.hpp"
#include "daemon/store/settings.hpp"
#include "drivers/modbus/bus.hpp"
#include "drivers/schema/diagnostic.hpp"

namespace sitepower::config {

struct SiteEntry {
    std::string id;
    std::string name;
    std::string environment = "production";
};

struct LocationEntry : Location {
    std::string time_zone = "UTC";  // of the tz database
    schema::Origins origins;
};

enum class BusType : std::uint8_t { tcp, rtu, rtu_over_tcp };

// `endpoint` is filled from the other members when the entry is complete.
struct BusEntry : modbus::BusSettings, modbus::SerialEndpoint {
    BusType type = BusType::tcp;
    std::string host;
    std::uint16_t port = 502;
    schema::Origins origins;
};

struct DeviceEntry {
    std::string id;
    std::string profile;  // a file of the shelf, without ".toml"
    std::string bus;      // id of a bus
    int unit = 1;         // 1 to 247, on TCP also 0 and 255
    bool skip_probe = false;
    int sunspec_device = 1;             // which of the devices of a SunSpec unit, from 1
    std::string location;               // empty: the only one
    std::vector<std::string> commands;  // of the profile, which may be sent
    bool mailboxes = false;             // those of the profile are polled, which writes
    // By poll group of the profile; what is left out keeps the profile's period.
    std::vector<std::pair<std::string, Duration>> periods;
    // Empty: as the profile says.
    std::optional<Duration> response_timeout;
    std::optional<Duration> late_window;
    std::optional<Duration> frame_gap;
    std::optional<int> retries;
    schema::Origins origins;
};

struct UpsEntry {
    std::string device;
    std::string on_battery;  // points as "DEVICE/point"
    std::string load;
    std::string runtime;
    std::optional<double> required_autonomy_min;
    schema::Origins origins;
};

// Many batteries that differ in their number only. They come before those that are written out one by one;
// one of those with the position of a jar adds to it.
struct JarsEntry {
    int count = 0;                       // positions 1 to count
    std::string id = "{string}-{n:03}";  // a pattern: see fill_pattern
    std::string device;                  // the monitor that measures them
    std::string points;                  // prefix of their points, a pattern: "string1.jar{n}"
    schema::Origins origins;
};

struct BatteryEntry {
    std::optional<int> position;  // from 1; empty: the next free one
    std::string id;
    std::string manufacturer;
    std::string model;
    std::string serial_number;
    std::optional<Time> installed_date;
    std::optional<int> warranty_months;
    std::string device;
    std::string points;   // prefix: "pack" finds "pack.voltage_v", "pack.temperature_c" and so on;
    std::string voltage;  // a path "DEVICE/point" here goes before what the prefix finds
    std::string temperature;
    std::string internal_resistance;
    std::string soc;
    std::string soh;
    schema::Origins origins;
};

struct StringEntry {
    std::string id;
    std::string location;
    std::string ups;
    Chemistry chemistry = Chemistry::vrla;
    double nominal_voltage_v = 0;           // of one battery
    double nominal_capacity_ah = 0;         // at 25 C; 0: not known, and the charge is not estimated
    std::optional<double> float_voltage_v;  // of one battery at 25 C; empty: by chemistry and nominal voltage
    std::string battery_file;               // empty: the one of the chemistry
    std::string fade_library;               // likewise
    // For its batteries, as far as they do not say otherwise.
    std::string manufacturer;
    std::string model;
    std::optional<Time> installed_date;
    std::optional<int> warranty_months;
    std::string current;
    std::string voltage;
    std::string ambient;
    std::optional<JarsEntry> jars;
    std::vector<BatteryEntry> batteries;
    schema::Origins origins;
};

struct BrokerEntry : PublisherSettings {
    std::vector<std::string> addresses;
    // Names of files that systemd hands over (LoadCredential=); secrets never stand in the configuration.
    std::string password_credential = "broker-password";
    std::string key_credential = "broker-key";
    schema::Origins origins;
};

struct StoreEntry : StoreSettings {
    std::uint64_t max_size_mib = 4096;
};

struct AlertEntry : AlertRuleSettings {
    schema::Origins origins;
};

enum class PriceKind : std::uint8_t { tariff, file, address, point, mqtt };

struct PricePeriodEntry {
    double price = 0;
    std::vector<int> months;            // 1 to 12
    std::vector<std::string> weekdays;  // "mon" to "sun"
    std::string from = "00:00";
    std::string to = "00:00";
    schema::Origins origins;
};

struct PriceEntry {
    std::string id;
    std::string currency;
    PriceUnit unit = PriceUnit::per_mwh;
    PriceKind source = PriceKind::tariff;
    double factor = 1;
    double surcharge = 0;
    std::string location;  // whose clocks a tariff goes by; empty: the only one
    std::vector<PricePeriodEntry> periods;
    std::string path;
    std::string time_column;
    std::string price_column;
    std::string url;
    std::optional<std::string> list_pointer;
    std::string time_pointer;
    std::string price_pointer;
    std::string key_credential;
    std::string key_header;
    std::string ca_file;
    std::string point;
    std::string topic;
    Duration interval = PriceSettings{}.interval;
    Duration stale_after = PriceSettings{}.stale_after;
    schema::Origins origins;
};

struct DispatchBatteryEntry : dispatch::BatteryLimits {
    std::string string;
    std::string charge;
    std::vector<std::string> critical_load;
    std::optional<ControlEntry> control;
    schema::Origins origins;
};

struct ValueSegmentEntry {
    double value_per_mwh = 0;
    double kw = 0;
};

struct LoadClassEntry {
    std::string id;
    std::optional<double> cop;
    double entitlement_kw = 0;
    int priority = 0;
    std::vector<ValueSegmentEntry> segments;
    std::string value_series;
    double yield_per_kwh = 0;
    double most_kw = 0;
    std::vector<std::string> power;
    std::optional<ControlEntry> control;
    bool bids_by_topic = false;
    std::optional<CapEntry> mqtt;
    schema::Origins origins;
};

struct DispatchEntry : dispatch::SiteLimits {
    std::string import_price;
    std::string export_price;
    std::vector<std::string> load;
    std::string load_series;
    std::vector<std::string> pv;
    std::vector<std::string> import;
    std::string location;
    Duration step = DispatchSettings{}.step;
    Duration horizon = DispatchSettings{}.horizon;
    std::vector<int> demand_months;
    std::vector<std::string> demand_weekdays;
    std::string demand_from = "00:00";
    std::string demand_to = "00:00";
    std::vector<DispatchBatteryEntry> batteries;
    std::vector<LoadClassEntry> load_classes;
    schema::Origins origins;
};

struct CovariateEntry {
    std::string name;
    forecast::CovariateRole kind = forecast::CovariateRole::linear;
    std::string point;   // "DEVICE/point", or
    std::string metric;  // "service/name"
    schema::Origins origins;
};

struct SeriesEntry {
    std::string id;
    std::string point;   // "DEVICE/point", or
    std::string price;   // id of a price series, or
    std::string metric;  // "service/name"
    std::string unit;    // of a metric
    forecast::SeriesKind kind = forecast::SeriesKind::consumption;
    Duration step{900'000};
    bool counter = false;
    double wraps_at = 0;
    double largest_rate = 0;  // by the hour
    std::optional<bool> may_be_negative;
    double resolution = 0;
    std::string location;  // empty: the only one
    std::vector<CovariateEntry> covariates;
    schema::Origins origins;
};

struct EventTypeEntry : forecast::EventType {
    schema::Origins origins;
};

struct ForecastEntry {
    std::string prior;
    std::vector<EventTypeEntry> event_types;
    schema::Origins origins;
};

struct HttpEntry {
    std::string socket = "/run/sitepower/sitepower.sock";
};

struct JournalEntry {
    journal::Priority level = journal::Priority::info;
};

// All of it: sitepower.toml and conf.d merged.
struct SiteFile {
    SiteEntry site;
    std::vector<LocationEntry> locations;
    std::vector<BusEntry> buses;
    std::vector<DeviceEntry> devices;
    std::vector<UpsEntry> upses;
    std::vector<StringEntry> strings;
    std::vector<PriceEntry> prices;
    std::optional<DispatchEntry> dispatch;
    BrokerEntry broker;
    StoreEntry store;
    std::vector<SeriesEntry> series;
    ForecastEntry forecast;
    std::vector<ScalingEntry> scaling;
    std::vector<AlertEntry> alerts;
    BatterySettings estimation;
    SiteSettings engine;
    HttpEntry http;
    JournalEntry journal;
};

}  // namespace sitepower::config
