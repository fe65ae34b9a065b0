#include "daemon/ctl/view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "daemon/ctl/format.hpp"
#include "daemon/ctl/table.hpp"

namespace sitepower::ctl {
namespace {

struct ViewRow {
    std::string_view operation;
    std::string (*view)(const Json& data, Time now);
};

constexpr auto views = std::to_array<ViewRow>({{"prices", view_prices},
                                               {"plan", view_plan},
                                               {"control", view_control},
                                               {"scaling.status", view_scaling},
                                               {"scaling.decisions", view_decisions},
                                               {"dispatch.execute", view_control},
                                               {"allocation", view_allocation},
                                               {"allocate", view_allocation},
                                               {"system.status", view_status},
                                               {"inventory", view_inventory},
                                               {"locations", view_locations},
                                               {"devices", view_devices},
                                               {"points", view_points},
                                               {"commands", view_commands},
                                               {"device.command", view_command},
                                               {"batteries", view_batteries},
                                               {"location.batteries", view_batteries},
                                               {"battery", view_battery},
                                               {"battery.replace", view_replaced},
                                               {"battery.test", view_window},
                                               {"alerts", view_alerts},
                                               {"alert", view_alert},
                                               {"alert.acknowledge", view_alert},
                                               {"alert.resolve", view_alert},
                                               {"maintenance", view_windows},
                                               {"maintenance.start", view_window},
                                               {"maintenance.end", view_window},
                                               {"forecast", view_forecast},
                                               {"predictions.current", view_predictions},
                                               {"models", view_models},
                                               {"model", view_models},
                                               {"jobs", view_jobs},
                                               {"events", view_events},
                                               {"telemetry", view_history},
                                               {"history", view_history}});

// Any data, one field a line, members indented.
void append_outline(const Json& json, std::size_t indent, std::string& text) {
    const std::string margin(indent, ' ');
    std::size_t number = 0;
    for (const auto& item : json.items()) {
        const auto name = json.is_array() ? std::to_string(++number) : printable(item.key());
        if (item.value().is_structured()) {
            if (item.value().empty()) continue;
            text += fmt::format("{}{}:\n", margin, name);
            append_outline(item.value(), indent + 2, text);
        } else {
            const auto line =
                fmt::format("{}{}: {}", margin, name, value_text(item.value(), {}, significant));
            text += wrapped(line, terminal_width, indent + 2) + '\n';
        }
    }
}

std::string view_of(std::string_view operation, const Json& data, Time now) {
    if (operation.starts_with("config.")) return view_verdict(data, now);
    const auto* row = std::ranges::find(views, operation, &ViewRow::operation);
    if (row != views.end()) return row->view(data, now);
    std::string text;
    append_outline(data, 0, text);
    return text;
}

}  // namespace

// Names and texts may be longer than any view expects.
std::string view(std::string_view operation, const Json& data, Time now) {
    return wrapped_lines(view_of(operation, data, now), terminal_width, 4);
}

namespace {

// "FILE:LINE" of a problem; without what is not known.
std::string place_text(const Json& detail) {
    auto text = value_text(member(detail, "file"));
    const auto& line = member(detail, "line");
    if (line.is_number_integer() && line != 0) text += (text.empty() ? "line " : ":") + value_text(line);
    return text;
}

}  // namespace

std::string view_error(const Json& error) {
    auto text =
        fmt::format("{}: {}\n", value_text(member(error, "code")), value_text(member(error, "message")));
    const auto& details = member(error, "details");
    if (!details.is_array()) return text;
    for (const auto& detail : details) {
        std::string line = "  ";
        if (detail.contains("file")) {
            const auto place = place_text(detail);
            if (!place.empty()) line += place + ": ";
        }
        for (const auto* name : {"field", "key"}) {
            if (detail.contains(name) && !value_text(detail[name]).empty())
                line += value_text(detail[name]) + ": ";
        }
        line += value_text(member(detail, "problem"));
        const auto& allowed = member(detail, "allowed");
        if (allowed.is_string() && !allowed.empty() && !allowed.get_ref<const std::string&>().empty()) {
            line += "; allowed: " + value_text(allowed);
        }
        text += wrapped(line, terminal_width, 4) + '\n';
    }
    return text;
}

std::string list_text(const Table& table, const Json& data, std::string_view nothing) {
    auto text = member(data, "items").empty() ? std::string(nothing) + '\n' : table.text();
    return text + rest_of_list(data);
}

std::string rest_of_list(const Json& data) {
    const auto& items = member(data, "items");
    const auto& total = member(data, "total");
    if (!total.is_number_unsigned() || items.size() >= total.get<std::size_t>()) return {};
    return fmt::format("{} of {} shown; --skip and --limit give the others\n", items.size(),
                       total.get<std::size_t>());
}

}  // namespace sitepower::ctl
