// Batteries, and the past of anything.
#include <fmt/format.h>

#include <algorithm>

#include "daemon/ctl/format.hpp"
#include "daemon/ctl/table.hpp"
#include "daemon/ctl/view.hpp"

namespace sitepower::ctl {
namespace {

// The one reason that explains most: why the state of charge, or else the voltage, is not known.
std::string note_of(const Json& battery) {
    for (const auto* path : {"status", "latest_telemetry.voltage_v", "latest_telemetry.soc_pct"}) {
        if (auto reason = reason_text(battery, path); !reason.empty()) return reason;
    }
    return {};
}

class Lines {
  public:
    void add(std::string_view title, const std::string& text) {
        text_ += wrapped(fmt::format("{:<20} {}", title, text), terminal_width, 21) + '\n';
    }
    std::string take() { return std::move(text_); }

  private:
    std::string text_;
};

// "98.50 % +/- 1.20"
std::string with_uncertainty(const Json& battery, std::string_view value_path, std::string_view sigma_path,
                             std::string_view unit) {
    auto text = explained(battery, value_path, unit);
    const auto& sigma = member(battery, sigma_path);
    if (sigma.is_number()) text += " +/- " + value_text(sigma, unit);
    return text;
}

// An estimate that no measured value has entered into.
bool is_prior(const Json& battery, std::string_view name) {
    return member(member(battery, "estimate_status"), name) == "prior_only";
}

constexpr const char* prior_text = "estimated from age only";

std::string prior_note(const Json& battery, std::string_view name) {
    return is_prior(battery, name) ? fmt::format(", {}", prior_text) : std::string();
}

std::string health_text(const Json& battery) {
    return with_uncertainty(battery, "latest_telemetry.soh_pct", "uncertainty.soh_pct", "%") +
           prior_note(battery, "soh_pct");
}

}  // namespace

std::string view_batteries(const Json& data, Time now) {
    Table table({{"BATTERY"},
                 {"STATUS"},
                 {"VOLTAGE", Align::right},
                 {"TEMP", Align::right},
                 {"CHARGE", Align::right},
                 {"HEALTH", Align::right},
                 {"SEEN", Align::right},
                 {"NOTE", Align::left, Fit::cut}});
    bool some_prior = false;
    for (const auto& battery : member(data, "items")) {
        const bool is_from_age =
            is_prior(battery, "soh_pct") && member(battery, "latest_telemetry.soh_pct").is_number();
        some_prior = some_prior || is_from_age;
        const auto& latest = member(battery, "latest_telemetry");
        table.add({value_text(member(battery, "battery_id")), value_text(member(battery, "status")),
                   value_text(member(latest, "voltage_v"), "V"),
                   value_text(member(latest, "temperature_c"), "C", 1),
                   value_text(member(latest, "soc_pct"), "%", 1),
                   value_text(member(latest, "soh_pct"), is_from_age ? "%*" : "%", 1),
                   age_text(member(latest, "timestamp"), now), note_of(battery)});
    }
    return list_text(table, data, "no batteries") +
           (some_prior ? fmt::format("* {}, not measured\n", prior_text) : std::string());
}

namespace {

// "812 days, 80 % between 430 and 1500"; of a life beyond the horizon, "more than 5475 days".
std::string remaining_life(const Json& data) {
    const auto life = explained(data, "rul_days.p50", "days", 0);
    if (!member(data, "rul_days.p10").is_number() || !member(data, "rul_days.p90").is_number()) return life;
    const auto& censored = member(data, "rul_days.censored");
    return fmt::format("{}{}, 80 % between {} and {}", censored == true ? "more than " : "", life,
                       value_text(member(data, "rul_days.p10"), {}, 0),
                       value_text(member(data, "rul_days.p90"), {}, 0));
}

}  // namespace

std::string view_battery(const Json& data, Time now) {
    Lines lines;
    lines.add("Battery", value_text(member(data, "battery_id")));
    lines.add("Status", explained(data, "status"));
    lines.add("Open alerts", value_text(member(data, "active_alerts")));
    lines.add("Measured", time_text(member(data, "latest_telemetry.timestamp"), now));
    lines.add("Voltage", explained(data, "latest_telemetry.voltage_v", "V"));
    lines.add("Current", explained(data, "latest_telemetry.current_a", "A"));
    lines.add("Temperature", explained(data, "latest_telemetry.temperature_c", "C", 1));
    lines.add("Internal resistance",
              explained(data, "latest_telemetry.internal_resistance_ohm", "Ohm", significant));
    lines.add("Resistance ratio",
              with_uncertainty(data, "resistance_ratio", "uncertainty.resistance_ratio", ""));
    lines.add("State of charge",
              with_uncertainty(data, "latest_telemetry.soc_pct", "uncertainty.soc_pct", "%"));
    lines.add("State of health", health_text(data));
    lines.add("Remaining life", remaining_life(data) + prior_note(data, "rul_days"));
    lines.add("Maker and model", explained(data, "manufacturer") + ", " + explained(data, "model"));
    lines.add("Serial number", explained(data, "serial_number"));
    lines.add("Installed", explained(data, "installed_date"));
    lines.add("In warranty", explained(data, "is_in_warranty"));
    lines.add("String, position", fmt::format("{}, {}", value_text(member(data, "string_id")),
                                              value_text(member(data, "position"))));
    lines.add("Location", value_text(member(data, "location_id")));
    return lines.take();
}

std::string view_replaced(const Json& data, Time /*now*/) {
    const auto& replaced = member(data, "replaced");
    Table table({{"BATTERY"},
                 {"SERIAL"},
                 {"BEFORE", Align::left, Fit::cut},
                 {"MODEL", Align::left, Fit::cut},
                 {"INSTALLED"}});
    for (const auto& battery : replaced) {
        table.add({value_text(member(battery, "battery_id")), value_text(member(battery, "serial_number")),
                   value_text(member(battery, "old_serial_number")), value_text(member(battery, "model")),
                   value_text(member(battery, "installed_date"))});
    }
    return table.text() + count_text(replaced.size(), "battery", "batteries") + " replaced\n";
}

std::string view_history(const Json& data, Time /*now*/) {
    const auto& rows = member(data, "data");
    const bool is_raw = member(data, "resolution") == "raw";
    std::vector<Column> columns{{"TIME"}};
    std::vector<std::string> names;
    for (const auto& row : rows) {
        for (const auto& item : member(row, "values").items()) {
            if (std::ranges::find(names, item.key()) != names.end()) continue;
            names.push_back(item.key());
            columns.push_back({printable(item.key()), Align::right, Fit::cut});
        }
    }
    columns.push_back({"NOTE", Align::left, Fit::cut});
    Table table(std::move(columns));
    for (const auto& row : rows) {
        const auto& time = member(row, "timestamp");
        std::vector<std::string> cells{is_raw ? exact_time_text(time) : short_time_text(time)};
        std::string note;
        const auto& values = member(row, "values");
        const auto& quality = member(row, "quality");
        for (const auto& name : names) {
            const auto value = values.find(name);
            cells.push_back(value == values.end() ? std::string() : value_text(*value, {}, significant));
            if (quality.contains(name)) note += (note.empty() ? "" : ", ") + value_text(quality[name]);
        }
        cells.push_back(std::move(note));
        table.add(std::move(cells));
    }
    const bool cut_off = member(data, "cut_off") == true;
    return table.text() + fmt::format("{}{}, resolution {}{}\n", cut_off ? "the newest " : "",
                                      count_text(rows.size(), "row", "rows"),
                                      value_text(member(data, "resolution")),
                                      cut_off ? "; more with --limit" : "");
}

}  // namespace sitepower::ctl
