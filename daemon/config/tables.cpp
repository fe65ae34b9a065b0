#include "daemon/config/tables.hpp"

#include <sys/un.h>

#include "core/alert/rules.hpp"
#include "core/battery/soc/methods.hpp"
#include "daemon/config/addresses.hpp"

namespace sitepower::config {

using schema::Format;
using schema::Range;
using schema::Table;

schema::Rule point_path(bool required) {
    return {
        .required = required, .valid = is_point_path, .expected = "a point of a device as \"DEVICE/point\""};
}

schema::Rule metric_name() {
    return {.valid = is_metric, .expected = "\"SERVICE/NAME\", each of A-Z a-z 0-9 _ -"};
}

namespace {

Table<SiteEntry> site_table() {
    return Table<SiteEntry>("site", "The site as a whole.")
        .key("id", &SiteEntry::id, {.format = Format::identifier, .required = true},
             "Stands in every topic and message, so choose it once: `DC-CNX`.")
        .key("name", &SiteEntry::name, {.format = Format::optional}, "What people call the site.")
        .key("environment", &SiteEntry::environment, {.format = Format::identifier},
             "What this box is for, as the operation `health` says it: `production`, `staging`, `lab`.");
}

Table<SiteSettings> engine_table() {
    return Table<SiteSettings>("engine", "How often states are told, and when a device counts as lost.")
        .key("state_interval_s", &SiteSettings::state_interval, {.range = Range{1, 3600}},
             "A state of a battery, string or UPS with another number is told at most this late; at once "
             "where a value "
             "has become known or unknown, and for an alert. Numbers that moved by less than 5 mV, 0.1 A or "
             "2 %, "
             "0.05 kW or 2 %, 0.5 degrees, points, minutes or 1 % of a resistance wait for the next.")
        .key("repeat_interval_s", &SiteSettings::repeat_interval, {.range = Range{10, 86400}},
             "An unchanged state is told again after this time.")
        .key("missed_polls_until_offline", &SiteSettings::missed_polls_until_offline,
             {.range = Range{1, 1000}}, "So many polls in a row without an answer make a device offline.");
}

std::vector<std::string> soc_method_names() {
    std::vector<std::string> names;
    for (const auto& method : soc_methods()) names.emplace_back(method.name);
    return names;
}

Table<BatterySettings> estimation_table() {
    return Table<BatterySettings>("estimation", "How the state of the batteries is worked out.")
        .key("soc_method", &BatterySettings::soc_method, {.choices = soc_method_names()},
             "How the state of charge is estimated.")
        .key("float_full_after_h", &BatterySettings::float_full_after, {.range = Range{1, 1000}},
             "After so long on float a lead-acid battery counts as full: the anchor of charge counting.")
        .key("inverter_efficiency", &BatterySettings::inverter_efficiency, {.range = Range{0.5, 1}},
             "Of the power that a UPS takes from its batteries, the share that reaches the load.")
        .key("baseline_readings", &BatterySettings::baseline_readings, {.range = Range{3, 1000}},
             "The resistance of a new battery is the median of its first so many readings,")
        .key("baseline_interval_h", &BatterySettings::baseline_interval, {.range = Range{1, 1000}},
             "each so long after the one before.")
        .key("design_life_years", &BatterySettings::design_life_years, {.range = Range{1, 40}},
             "Of lead-acid batteries on float at 25 degrees Celsius, as the maker states it: where a life is "
             "expected from, until tests tell better.")
        .key("eol_soh_pct", &BatterySettings::eol_soh_pct, {.range = Range{50, 95}},
             "State of health at which a battery is to be replaced.");
}

Table<HttpEntry> http_table() {
    return Table<HttpEntry>("http", "The local API that `sitepowerctl` speaks to.")
        .key("socket", &HttpEntry::socket,
             {.format = Format::path,
              .valid = [](std::string_view text) { return text.size() < sizeof(sockaddr_un::sun_path); },
              .expected = "an absolute path of at most 107 bytes"},
             "Path of the Unix socket.");
}

Table<JournalEntry> journal_table() {
    using journal::Priority;
    return Table<JournalEntry>("journal", "What the daemon says about itself.")
        .choice("level", &JournalEntry::level,
                {{"error", Priority::error},
                 {"warning", Priority::warning},
                 {"notice", Priority::notice},
                 {"info", Priority::info},
                 {"debug", Priority::debug}},
                "The least important messages that are still written.");
}

std::vector<std::string> alert_rule_names() {
    std::vector<std::string> names;
    for (const auto& rule : rules()) names.emplace_back(rule.name);
    return names;
}

}  // namespace

Table<SiteFile> site_file_table() {
    return Table<SiteFile>(
               "sitepower.toml",
               "The configuration is `/etc/sitepower/sitepower.toml` and, in the order of their "
               "names, the files `/etc/sitepower/conf.d/*.toml`. Tables of the same name are merged "
               "and `[[lists of tables]]` are joined; a key that two files set is an error. Check it "
               "with `sitepowerd check`, apply it with `systemctl reload sitepowerd`.")
        .table("site", &SiteFile::site, site_table(), {.required = true}, "The site as a whole.")
        .tables("location", &SiteFile::locations, location_table(), {.max_items = 1000},
                "Where things stand; without any there is one with the site's id and name.")
        .tables("bus", &SiteFile::buses, bus_table(), {.max_items = 64}, "The Modbus links.")
        .tables("device", &SiteFile::devices, device_table(), {.max_items = 2000}, "What is polled.")
        .tables("ups", &SiteFile::upses, ups_table(), {.max_items = 2000},
                "Only for a UPS whose points have other names than usual.")
        .tables("string", &SiteFile::strings, string_table(), {.max_items = 2000},
                "Battery strings, and Li-ion packs.")
        .tables("price", &SiteFile::prices, price_table(), {.max_items = 32},
                "Price series: of energy, and of what the loads earn.")
        .table("dispatch", &SiteFile::dispatch, dispatch_table(), {},
               "When batteries should charge and discharge.")
        .table("broker", &SiteFile::broker, broker_table(), {.required = true},
               "Where everything is published.")
        .table("requests", &SiteFile::broker, requests_table(), {}, "Questions that arrive over MQTT 5.")
        .table("store", &SiteFile::store, store_table(), {}, "The database on this box.")
        .tables("series", &SiteFile::series, series_table(), {.max_items = 1000}, "What is forecast.")
        .table("forecast", &SiteFile::forecast, forecast_table(), {}, "How series are forecast.")
        .tables("scaling", &SiteFile::scaling, scaling_table(), {.max_items = 200},
                "Services whose number of instances is decided.")
        .named_tables("alerts", &SiteFile::alerts, &AlertEntry::type, alert_table(),
                      {.choices = alert_rule_names()}, "Changes to the rules of alerts.")
        .table("estimation", &SiteFile::estimation, estimation_table(), {}, "State of the batteries.")
        .table("engine", &SiteFile::engine, engine_table(), {}, "Intervals of the engine.")
        .table("http", &SiteFile::http, http_table(), {}, "The local API.")
        .table("journal", &SiteFile::journal, journal_table(), {}, "The daemon's own messages.");
}

}  // namespace sitepower::config
