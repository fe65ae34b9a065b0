// The devices that follow the plan.
#include "daemon/ctl/format.hpp"
#include "daemon/ctl/table.hpp"
#include "daemon/ctl/view.hpp"

namespace sitepower::ctl {

std::string view_control(const Json& data, Time /*now*/) {
    const auto& devices = member(data, "devices");
    if (devices.empty()) return "No device follows the plan: it is advice.\n";
    Table table({{"FOR"},
                 {"DEVICE"},
                 {"STATE"},
                 {"PLANNED", Align::right},
                 {"SET", Align::right},
                 {"MEASURED", Align::right},
                 {"TROUBLE", Align::left, Fit::cut}});
    for (const auto& device : devices) {
        const bool is_well = member(device, "trouble") == "none";
        table.add({value_text(member(device, "id")), value_text(member(device, "device_id")),
                   value_text(member(device, "state")), value_text(member(device, "planned_kw"), {}, 1),
                   value_text(member(device, "setpoint_kw"), {}, 1),
                   value_text(member(device, "measured_kw"), {}, 1),
                   is_well ? std::string("-") : value_text(member(device, "trouble"))},
                  is_well ? std::string() : value_text(member(device, "trouble_reason")));
    }
    return table.text();
}

}  // namespace sitepower::ctl
