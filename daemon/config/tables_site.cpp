// Locations, UPSs, strings and batteries.
#include <algorithm>

#include "daemon/config/addresses.hpp"
#include "daemon/config/tables.hpp"

namespace sitepower::config {

using schema::Diagnostics;
using schema::Format;
using schema::Range;
using schema::Rule;
using schema::Table;

namespace {

bool is_zone_name(std::string_view text) {
    constexpr std::string_view marks = "/_+-";
    return !text.starts_with('/') && std::ranges::all_of(text, [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               marks.find(c) != std::string_view::npos;
    });
}

Table<JarsEntry> jars_table() {
    return Table<JarsEntry>(
               "jars",
               "A string of equal jars in one go. In `id` and `points`, `{n}` stands for the jar's "
               "number, `{n:03}` for the number with three digits, `{string}` for the string's id.")
        .origins(&JarsEntry::origins)
        .key("count", &JarsEntry::count, {.range = Range{1, 1000}, .required = true}, "How many jars.")
        .key("id", &JarsEntry::id, {}, "The pattern of their ids.")
        .key("device", &JarsEntry::device, {.format = Format::identifier, .required = true},
             "The battery monitor that measures them.")
        .key("points", &JarsEntry::points, {.required = true},
             "The pattern of their points, up to the dot before `voltage_v`: `string1.jar{n}`.");
}

Table<BatteryEntry> battery_table() {
    return Table<BatteryEntry>(
               "battery",
               "One battery of the string: a jar, or a Li-ion pack. With `[string.jars]` it adds to "
               "the jar of that position: a serial number, another date, a point of its own.")
        .origins(&BatteryEntry::origins)
        .key("position", &BatteryEntry::position, {.range = Range{1, 1000}},
             "Place in the string, from 1; without it, the next one in the file.")
        .key("id", &BatteryEntry::id, {.format = Format::identifier},
             "Unique among all batteries of the site.")
        .key("serial_number", &BatteryEntry::serial_number, {},
             "As on its label. What was learnt about a battery is dropped when it changes.")
        .key("manufacturer", &BatteryEntry::manufacturer, {}, "If other than the string's.")
        .key("model", &BatteryEntry::model, {}, "If other than the string's.")
        .key("installed_date", &BatteryEntry::installed_date, {}, "If other than the string's.")
        .key("warranty_months", &BatteryEntry::warranty_months, {.range = Range{0, 600}},
             "If other than the string's.")
        .key("device", &BatteryEntry::device, {.format = Format::identifier}, "The device that measures it.")
        .key("points", &BatteryEntry::points, {},
             "Its points at that device, up to the dot before `voltage_v`: `pack`.")
        .key("voltage", &BatteryEntry::voltage, point_path(), "If elsewhere: its voltage in V.")
        .key("temperature", &BatteryEntry::temperature, point_path(),
             "If elsewhere: its temperature in degrees Celsius.")
        .key("internal_resistance", &BatteryEntry::internal_resistance, point_path(), "If elsewhere: in ohm.")
        .key("soc", &BatteryEntry::soc, point_path(),
             "If elsewhere: the state of charge that the pack itself reports.")
        .key("soh", &BatteryEntry::soh, point_path(),
             "If elsewhere: the state of health that the pack itself reports.");
}

// A voltage per cell where one per battery belongs is the classic slip; it would make every alert wrong.
void check_float_voltage(const StringEntry& string, Diagnostics& diagnostics) {
    if (!string.float_voltage_v) return;
    const double ratio = *string.float_voltage_v / string.nominal_voltage_v;
    if (ratio < 0.95 || ratio > 1.35) {
        diagnostics.add(
            string.origins.of("float_voltage_v"),
            "is not within 0.95 to 1.35 of nominal_voltage_v; both are volts of one battery (a 12 V "
            "block floats near 13.65), not of a cell or of the whole string");
    }
}

void check_string(const StringEntry& string, Diagnostics& diagnostics) {
    check_float_voltage(string, diagnostics);
    if (!string.jars && string.batteries.empty()) {
        diagnostics.add(string.origins.table(), "has no batteries: add [string.jars] or [[string.battery]]");
    }
}

}  // namespace

Table<LocationEntry> location_table() {
    return Table<LocationEntry>("location", "A room, hall or building.")
        .origins(&LocationEntry::origins)
        .key("id", &LocationEntry::id, {.format = Format::identifier, .required = true}, "`DC-CNX-01`.")
        .key("name", &LocationEntry::name, {.format = Format::optional}, "What people call it.")
        .key("region", &LocationEntry::region, {.format = Format::optional}, "Part of the country.")
        .key("city", &LocationEntry::city, {.format = Format::optional}, "City.")
        .key("country", &LocationEntry::country, {.format = Format::optional}, "Country.")
        .key("latitude", &LocationEntry::latitude, {.range = Range{-90, 90}}, "Degrees, north positive.")
        .key("longitude", &LocationEntry::longitude, {.range = Range{-180, 180}}, "Degrees, east positive.")
        .key("time_zone", &LocationEntry::time_zone,
             {.valid = is_zone_name, .expected = "the name of a time zone such as Europe/Amsterdam"},
             "What clocks show there, as the tz database calls it: `Asia/Bangkok`. Tariffs go by it.")
        .key("temperature_offset_c", &LocationEntry::temperature_offset_c, {.range = Range{-50, 50}},
             "Room temperature less the region's, for forecasts.")
        .key("humidity_offset_pct", &LocationEntry::humidity_offset_pct, {.range = Range{-100, 100}},
             "Room humidity less the region's, for forecasts.")
        .check([](const LocationEntry& location, Diagnostics& diagnostics) {
            if (location.latitude.has_value() == location.longitude.has_value()) return;
            diagnostics.add(location.origins.of(location.latitude ? "longitude" : "latitude"),
                            "is missing: latitude and longitude go together");
        });
}

Table<UpsEntry> ups_table() {
    return Table<UpsEntry>(
               "ups",
               "Every device whose profile is of kind `ups` is a UPS by itself, with the points "
               "`on_battery`, `output.load_kw` and `battery.runtime_min`. This table is only for a UPS "
               "where other points say the same, or that must last for a certain time.")
        .origins(&UpsEntry::origins)
        .key("device", &UpsEntry::device, {.format = Format::identifier, .required = true},
             "The id of the device.")
        .key("on_battery", &UpsEntry::on_battery, point_path(), "1 while the load runs from the batteries.")
        .key("load", &UpsEntry::load, point_path(), "Load in kW.")
        .key("runtime", &UpsEntry::runtime, point_path(), "Remaining minutes as the UPS estimates them.")
        .key("required_autonomy_min", &UpsEntry::required_autonomy_min, {.range = Range{0.1, 1440}},
             "How many minutes the batteries must carry the load: the alert `autonomy_low` rises when they "
             "probably would not.");
}

Table<StringEntry> string_table() {
    return Table<StringEntry>(
               "string",
               "Batteries in series: they share one current. A Li-ion pack is a string with one "
               "battery.")
        .origins(&StringEntry::origins)
        .key("id", &StringEntry::id, {.format = Format::identifier, .required = true},
             "Unique among the strings: `BAT-DC-CNX-01-UPS-01-STR-01`.")
        .key("location", &StringEntry::location, {.format = Format::identifier},
             "The id of its location; may be left out where there is only one.")
        .key("ups", &StringEntry::ups, {.format = Format::identifier}, "The id of the UPS that it feeds.")
        .choice("chemistry", &StringEntry::chemistry,
                {{"vrla", Chemistry::vrla},
                 {"lfp", Chemistry::lfp},
                 {"nmc", Chemistry::nmc},
                 {"nca", Chemistry::nca}},
                "Sealed lead-acid, lithium iron phosphate, or one of the lithium nickel oxides.")
        .key("nominal_voltage_v", &StringEntry::nominal_voltage_v,
             {.range = Range{1, 1500}, .required = true},
             "Of one battery: 12 for the usual block. Of a Li-ion pack its cells in series times 3.65 (nmc), "
             "3.6 (nca) or 3.2 (lfp), whatever its plate says: how many cells it has is worked out from it.")
        .key("nominal_capacity_ah", &StringEntry::nominal_capacity_ah,
             {.range = Range{0.1, 10'000}, .required = true}, "At the reference rate and 25 degrees Celsius.")
        .key("float_voltage_v", &StringEntry::float_voltage_v, {.range = Range{1, 2000}},
             "Of one battery at 25 degrees Celsius; without it 1.1375 times the nominal voltage (13.65 V for "
             "a 12 V "
             "block), for lithium the nominal voltage.")
        .key("battery_file", &StringEntry::battery_file, {.format = Format::identifier},
             "How these batteries behave: a file of `batteries/` without .toml (docs/batteries.md). Without "
             "it the one of the chemistry: `vrla-12v`, `lfp`, `nmc-18650-20r` or `nca-18650pf`.")
        .key(
            "fade_library", &StringEntry::fade_library, {.format = Format::identifier},
            "How such lithium batteries have faded in use: a file of `fade/` without .toml "
            "(docs/remaining-life.md). Without it the one of the chemistry: `hust-lfp`, `xjtu-nmc` or `tju`.")
        .key("manufacturer", &StringEntry::manufacturer, {}, "Maker of the batteries.")
        .key("model", &StringEntry::model, {}, "Their type.")
        .key("installed_date", &StringEntry::installed_date, {},
             "When they were put in: `2024-05-31`. A check and a reload refuse a day in the future.")
        .key("warranty_months", &StringEntry::warranty_months, {.range = Range{0, 600}}, "From that day.")
        .key("current", &StringEntry::current, point_path(),
             "Current of the string in A, charging positive: `MON-01/string1.current_a`. Without it the "
             "state of "
             "charge stays unknown.")
        .key("voltage", &StringEntry::voltage, point_path(), "Voltage of the whole string in V.")
        .key("ambient", &StringEntry::ambient, point_path(), "Temperature beside it in degrees Celsius.")
        .table("jars", &StringEntry::jars, jars_table(), {}, "Equal jars in one go.")
        .tables("battery", &StringEntry::batteries, battery_table(), {.max_items = 1000},
                "Single batteries, or additions to jars.")
        .check(check_string);
}

}  // namespace sitepower::config
