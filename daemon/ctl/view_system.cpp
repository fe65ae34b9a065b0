// Status, inventory, configuration: what is about the daemon and the site as a whole.
#include <fmt/format.h>
#include <algorithm>

#include "daemon/ctl/format.hpp"
#include "daemon/ctl/table.hpp"
#include "daemon/ctl/view.hpp"

namespace sitepower::ctl {
namespace {

std::string uptime_text(const Json& data) {
    const auto& seconds = member(data, "uptime_s");
    if (!seconds.is_number()) return "-";
    // A reply may hold any number; thirty thousand years can still be counted in milliseconds.
    constexpr std::int64_t most_s = 1'000'000'000'000;
    return duration_text(std::chrono::seconds{std::clamp(seconds.get<std::int64_t>(), -most_s, most_s)});
}

std::string components_table(const Json& components, Time now) {
    Table table({{"COMPONENT"},
                 {"STATUS"},
                 {"ERRORS", Align::right},
                 {"LAST SUCCESS"},
                 {"NOTE", Align::left, Fit::cut}});
    for (const auto& item : components.items()) {
        const auto& component = item.value();
        table.add({item.key(), value_text(member(component, "status")),
                   percent_text(member(component, "error_rate")),
                   age_text(member(component, "last_success"), now), reason_text(component, "status")});
    }
    return table.text();
}

std::string factors_table(const Json& factors) {
    Table table(
        {{"HEALTH"}, {"SCORE", Align::right}, {"WEIGHT", Align::right}, {"WHY", Align::left, Fit::cut}});
    for (const auto& factor : factors) {
        table.add({value_text(member(factor, "name")), value_text(member(factor, "score"), {}, 0),
                   value_text(member(factor, "weight"), {}, 0), value_text(member(factor, "detail"))});
    }
    return table.text();
}

}  // namespace

std::string view_status(const Json& data, Time now) {
    auto text =
        fmt::format("{}: {}, health {} of 100, sitepowerd {} up {}\n\n", value_text(member(data, "site")),
                    explained(data, "status"), value_text(member(data, "overall_health_score"), {}, 0),
                    value_text(member(data, "version")), uptime_text(data));
    text += components_table(member(data, "components"), now);
    text += '\n' + factors_table(member(data, "health_factors"));
    const auto& alerts = member(data, "active_alerts");
    text += fmt::format("\n{} of {} devices online, {} open alert{}, outbox {}, {} missed polls\n",
                        value_text(member(data, "devices.online")), value_text(member(data, "devices.total")),
                        value_text(alerts), alerts == 1 ? "" : "s", value_text(member(data, "outbox")),
                        value_text(member(data, "missed_polls")));
    for (const auto& ups : member(data, "on_battery")) text += value_text(ups) + " runs from its batteries\n";
    return text;
}

std::string view_inventory(const Json& data, Time /*now*/) {
    auto text = fmt::format(
        "Load        {}\nRated power {}\nAlerts      {}\n\n", explained(data, "power.used_kw", "kW", 1),
        explained(data, "power.total_kw", "kW", 1), value_text(member(data, "operational.alerts")));
    Table table({{"STRING"},
                 {"CHARGE", Align::right},
                 {"+/-", Align::right},
                 {"CAPACITY", Align::right},
                 {"AUTONOMY", Align::right},
                 {"NOTE", Align::left, Fit::cut}});
    for (const auto& bank : member(data, "battery")) {
        table.add({value_text(member(bank, "id")), value_text(member(bank, "soc"), "%", 1),
                   value_text(member(bank, "soc_sigma"), "%", 1),
                   value_text(member(bank, "capacity_kwh"), "kWh", 1),
                   value_text(member(bank, "autonomy_min"), "min", 0), reason_text(bank, "soc")});
    }
    return text + table.text();
}

std::string view_locations(const Json& data, Time /*now*/) {
    Table table({{"LOCATION"},
                 {"NAME", Align::left, Fit::cut},
                 {"CITY", Align::left, Fit::cut},
                 {"BATTERIES", Align::right},
                 {"CRITICAL", Align::right},
                 {"ALERTS", Align::right},
                 {"HEALTH", Align::right},
                 {"OUTAGES/YEAR", Align::right}});
    for (const auto& location : member(data, "items")) {
        table.add({value_text(member(location, "location_id")), value_text(member(location, "name")),
                   value_text(member(location, "city")), value_text(member(location, "total_batteries")),
                   value_text(member(location, "critical_batteries")),
                   value_text(member(location, "active_alerts")),
                   value_text(member(location, "average_soh_pct"), "%", 1),
                   value_text(member(location, "power_outage_frequency_per_year"), {}, 1)});
    }
    return list_text(table, data, "no locations");
}

std::string view_verdict(const Json& data, Time /*now*/) {
    std::string text = member(data, "accepted") == true ? "accepted\n" : "refused\n";
    if (member(data, "applied") == true) text = "accepted and in force\n";
    if (member(data, "accepted") == true && member(data, "changes").empty()) text += "  nothing changed\n";
    for (const auto& change : member(data, "changes")) {
        text += wrapped("  " + value_text(change), terminal_width, 4) + '\n';
    }
    const auto& problems = member(data, "problems");
    if (problems.empty()) return text;
    const auto listed =
        view_error({{"code", "problems"}, {"message", problems.size()}, {"details", problems}});
    return text + listed;
}

}  // namespace sitepower::ctl
