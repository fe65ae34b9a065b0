// Devices that follow plans.
#include "daemon/config/addresses.hpp"
#include "daemon/config/tables.hpp"
#include "drivers/profile/keys.hpp"

namespace sitepower::config {

using schema::Diagnostics;
using schema::Format;
using schema::Range;
using schema::Table;

namespace {

schema::Rule command(bool required) {
    auto rule = profile_keys::point_reference;
    rule.required = required;
    rule.expected = "the name of a command";
    return rule;
}

Table<ControlWriteEntry> prepare_table() {
    return Table<ControlWriteEntry>("prepare", "A command that goes before the first setpoint.")
        .origins(&ControlWriteEntry::origins)
        .key("command", &ControlWriteEntry::command, command(true), "By its name in the profile.")
        .key("value", &ControlWriteEntry::value, {.range = Range{-1e9, 1e9}}, "Where it takes one.");
}

Table<ControlEntry> control_table(const std::string& help) {
    return Table<ControlEntry>("control", help)
        .origins(&ControlEntry::origins)
        .key("device", &ControlEntry::device, {.format = Format::identifier, .required = true},
             "That is written to. Its `commands` must enable every command that stands here.")
        .tables("prepare", &ControlEntry::prepare, prepare_table(), {.max_items = 10},
                "Commands in this order: mode first, then limits.")
        .key("setpoint", &ControlEntry::setpoint, command(true), "The command that sets the power, in kW.")
        .key(
            "keep_alive", &ControlEntry::keep_alive, command(false),
            "A command whose profile says dead_man_s: sent at a third of it. When it stops, the device takes "
            "itself back.")
        .key("without_dead_man", &ControlEntry::without_dead_man, {.format = Format::identifier},
             "Without keep_alive: the id of the device once more, as a sign that somebody knows. Then only "
             "sitepower-release hands it back when sitepowerd has died.")
        .key(
            "release", &ControlEntry::release, command(true),
            "The command that hands the device back to its own control: sent on a fault, on a mains failure, "
            "without a plan, at the end, and by sitepower-release after it.")
        .key("release_value", &ControlEntry::release_value, {.range = Range{-1e9, 1e9}},
             "Where it takes one.")
        .key("ramp_kw_per_s", &dispatch::ControlLimits::ramp_kw_per_s, {.range = Range{0.001, 1e6}},
             "How fast setpoints follow each other.")
        .key("deadband_kw", &dispatch::ControlLimits::deadband_kw, {.range = Range{0, 1e6}},
             "Nothing is written for less.")
        .key("write_interval_s", &dispatch::ControlLimits::write_interval, {.range = Range{1, 3600}},
             "Between setpoints.")
        .key("effect_within_s", &dispatch::ControlLimits::effect_within, {.range = Range{3, 300}},
             "So long after a setpoint the measured power is there, else that is an alert.")
        .key("tolerance_kw", &dispatch::ControlLimits::tolerance_kw, {.range = Range{0, 1e6}},
             "How far it may be off; at least 10 % of the setpoint.")
        .key("return_delay_s", &dispatch::ControlLimits::return_delay, {.range = Range{0, 86'400}},
             "After a mains failure nothing is set before they have been back for so long.")
        .key("retry_after_min", &dispatch::ControlLimits::retry_after, {.range = Range{1, 1440}},
             "After a fault of the device.");
}

void check_dead_man(const ControlEntry& control, Diagnostics& diagnostics) {
    const auto& origins = control.origins;
    if (!control.keep_alive.empty()) {
        if (!control.without_dead_man.empty())
            diagnostics.add(origins.of("without_dead_man"), "does not go with keep_alive");
    } else if (control.without_dead_man != control.device) {
        diagnostics.add(origins.of(origins.has("without_dead_man") ? "without_dead_man" : "keep_alive"),
                        "the device has no dead man: name keep_alive, or accept that by without_dead_man = "
                        "\"" +
                            control.device + "\"");
    }
}

}  // namespace

Table<ControlEntry> battery_control_table() {
    return control_table(
               "The inverter follows the plan. All powers are positive while charging: a profile whose "
               "device "
               "counts the other way says so (`sign`, a negative `scale` of the command).")
        .key("power", &ControlEntry::power, point_path(true),
             "The point, in kW, at which the device says what it does.")
        .key("meter", &ControlEntry::meter, point_path(false),
             "The point, in kW, of a meter beside it: finds out one that lies. Without it the charge is held "
             "against the power.")
        .key("dwell_s", &dispatch::ControlLimits::dwell, {.range = Range{0, 3600}},
             "Between changes from charging to discharging and back.")
        .check(check_dead_man);
}

Table<ControlEntry> load_class_control_table() {
    return control_table(
               "What the class may draw at most follows the auction. `power` of the class is what it is "
               "judged "
               "by: it may draw less.")
        .check(check_dead_man);
}

}  // namespace sitepower::config
