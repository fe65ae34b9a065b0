// Devices, points, alerts and maintenance windows: what somebody may have to do something about.
#include <fmt/format.h>

#include "daemon/ctl/format.hpp"
#include "daemon/ctl/table.hpp"
#include "daemon/ctl/view.hpp"

namespace sitepower::ctl {
namespace {

std::string state_of(const Json& alert) {
    if (member(alert, "is_active") != true) return "resolved";
    if (member(alert, "is_held") == true) return "held";
    return member(alert, "is_acknowledged") == true ? "acknowledged" : "pending";
}

void append_line(std::string_view title, const std::string& text, std::string& out) {
    out += wrapped(fmt::format("{:<14} {}", title, text), terminal_width, 15) + '\n';
}

}  // namespace

std::string view_devices(const Json& data, Time now) {
    Table table({{"DEVICE"},
                 {"KIND"},
                 {"BUS"},
                 {"UNIT", Align::right},
                 {"STATE"},
                 {"SEEN", Align::right},
                 {"FAILED POLLS", Align::right}});
    for (const auto& device : member(data, "items")) {
        const auto& reason = member(device, "reason");
        table.add({value_text(member(device, "id")), value_text(member(device, "kind")),
                   value_text(member(device, "bus")), value_text(member(device, "unit")),
                   value_text(member(device, "state")), age_text(member(device, "last_seen"), now),
                   value_text(member(device, "errors.failures"))},
                  reason.is_null() ? std::string() : value_text(reason));
    }
    return list_text(table, data, "no devices");
}

std::string view_points(const Json& data, Time now) {
    Table table({{"POINT"},
                 {"VALUE", Align::right},
                 {"UNIT"},
                 {"READ", Align::right},
                 {"NOTE", Align::left, Fit::cut}});
    for (const auto& point : member(data, "items")) {
        table.add({value_text(member(point, "device")) + "." + value_text(member(point, "point")),
                   value_text(member(point, "value"), {}, significant), value_text(member(point, "unit")),
                   age_text(member(point, "time"), now), reason_text(point, "value")});
    }
    return list_text(table, data, "no points");
}

std::string view_alerts(const Json& data, Time now) {
    Table table({{"ALERT"},
                 {"SEVERITY"},
                 {"SINCE", Align::right},
                 {"STATE"},
                 {"SUBJECT", Align::left, Fit::cut_start}});
    for (const auto& alert : member(data, "items")) {
        table.add({value_text(member(alert, "alert_id")), value_text(member(alert, "severity")),
                   age_text(member(alert, "triggered_at"), now), state_of(alert),
                   value_text(member(alert, "subject_id"))},
                  value_text(member(alert, "message")));
    }
    const auto& total = member(data, "total");
    if (total == 0U) return "no alerts\n";
    return table.text() + rest_of_list(data) +
           fmt::format("{} alert{}: {} active, {} pending\n", value_text(total), total == 1U ? "" : "s",
                       value_text(member(data, "active_count")), value_text(member(data, "pending_count")));
}

std::string view_alert(const Json& data, Time now) {
    std::string text;
    append_line("Alert", value_text(member(data, "alert_id")) + ", " + state_of(data), text);
    append_line(
        "Type, severity",
        fmt::format("{}, {}", value_text(member(data, "alert_type")), value_text(member(data, "severity"))),
        text);
    append_line("Subject",
                fmt::format("{} {}", value_text(member(data, "subject_kind")),
                            value_text(member(data, "subject_id"))),
                text);
    append_line("Message", value_text(member(data, "message")), text);
    const auto& named = member(data, "unit");
    const auto unit = named == "1" ? std::string() : value_text(named);  // a ratio has none
    append_line("Value", explained(data, "actual_value", unit), text);
    append_line("Threshold", explained(data, "threshold_value", unit), text);
    append_line("Triggered", time_text(member(data, "triggered_at"), now), text);
    if (member(data, "is_held") == true)
        append_line("Held", "raised in a maintenance window: recorded, and announced at its end", text);
    if (member(data, "is_acknowledged") == true) {
        append_line("Acknowledged",
                    fmt::format("{} by {}", time_text(member(data, "acknowledged_at"), now),
                                value_text(member(data, "acknowledged_by"))),
                    text);
        append_line("Note", explained(data, "acknowledgment_note"), text);
    }
    if (member(data, "is_active") != true) {
        append_line("Resolved",
                    fmt::format("{} by {}", time_text(member(data, "resolved_at"), now),
                                value_text(member(data, "resolved_by"))),
                    text);
        if (member(data, "resolution_note").is_string()) {
            append_line("Note", value_text(member(data, "resolution_note")), text);
        }
    }
    return text;
}

std::string view_windows(const Json& data, Time now) {
    Table table({{"WINDOW"},
                 {"SUBJECT", Align::left, Fit::cut},
                 {"FROM"},
                 {"ENDS", Align::right},
                 {"WHO", Align::left, Fit::cut}});
    for (const auto& window : member(data, "items")) {
        table.add({value_text(member(window, "window_id")), value_text(member(window, "subject_id")),
                   short_time_text(member(window, "from")), age_text(member(window, "to"), now),
                   value_text(member(window, "who"))},
                  value_text(member(window, "why")));
    }
    return list_text(table, data, "no maintenance windows");
}

std::string view_window(const Json& data, Time now) {
    return wrapped(
               fmt::format("{}: alerts of {} {} are held back from {} to {}",
                           value_text(member(data, "window_id")), value_text(member(data, "subject_kind")),
                           value_text(member(data, "subject_id")), short_time_text(member(data, "from")),
                           time_text(member(data, "to"), now)),
               terminal_width, 4) +
           '\n';
}

}  // namespace sitepower::ctl
