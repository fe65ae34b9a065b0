// Plans: what the site draws, its limits, the batteries that may be used.
#include <algorithm>

#include "daemon/config/addresses.hpp"
#include "daemon/config/quarters.hpp"
#include "daemon/config/tables.hpp"

namespace sitepower::config {

using schema::Diagnostics;
using schema::Format;
using schema::Range;
using schema::Table;

namespace {

schema::Rule points(std::size_t least) {
    auto rule = point_path(least > 0);
    rule.min_items = least;
    rule.max_items = 64;
    return rule;
}

void check_battery(const DispatchBatteryEntry& battery, Diagnostics& diagnostics) {
    if (battery.string.empty() == battery.charge.empty()) {
        diagnostics.add(battery.origins.of(battery.string.empty() ? "string" : "charge"),
                        battery.string.empty()
                            ? "is missing: string or charge says what the battery holds"
                            : "does not go with string: one of them says what the battery holds");
    }
    if (battery.charge_min_pct >= battery.charge_max_pct)
        diagnostics.add(battery.origins.of("charge_min_pct"), "must be below charge_max_pct");
    if (battery.required_autonomy_min > 0 && battery.critical_load.empty()) {
        diagnostics.add(battery.origins.of("critical_load"),
                        "is missing: required_autonomy_min needs the load that the battery backs up");
    }
}

void check_dispatch(const DispatchEntry& dispatch, Diagnostics& diagnostics) {
    const auto step = dispatch.step.count();
    if (86'400'000 % step != 0 || (step > 900'000 ? step % 900'000 : 900'000 % step) != 0) {
        diagnostics.add(dispatch.origins.of("step_min"),
                        "must be 5, 15, 30 or 60: steps fit into quarters of an hour, or these into them");
    }
    if (dispatch.breaker_limit_kw && *dispatch.breaker_limit_kw < dispatch.import_limit_kw)
        diagnostics.add(dispatch.origins.of("breaker_limit_kw"), "must not be below import_limit_kw");
    if (dispatch.demand_price_per_kw > 0) return;
    for (const auto* key : {"demand_months", "demand_weekdays", "demand_from", "demand_to"}) {
        if (dispatch.origins.has(key))
            diagnostics.add(dispatch.origins.of(key), "means nothing without demand_price_per_kw");
    }
}

Table<DispatchBatteryEntry> dispatch_battery_table() {
    using Entry = DispatchBatteryEntry;
    using Limits = dispatch::BatteryLimits;
    return Table<Entry>(
               "battery",
               "A battery behind an inverter that could charge and discharge when told to. Powers and "
               "efficiencies are at the AC side.")
        .origins(&Entry::origins)
        .key("id", &Entry::id, {.format = Format::identifier, .required = true}, "Names it in plans.")
        .key("string", &Entry::string, {.format = Format::identifier},
             "The [[string]] whose estimated state of charge and health count.")
        .key("charge", &Entry::charge, point_path(), "Instead: a point that measures its charge in %.")
        .key("capacity_kwh", &Limits::capacity_kwh, {.range = Range{0.1, 1e6}, .required = true},
             "Energy from empty to full when new.")
        .key("charge_min_pct", &Limits::charge_min_pct, {.range = Range{0, 100}},
             "It is never planned below this charge")
        .key("charge_max_pct", &Limits::charge_max_pct, {.range = Range{0, 100}}, "and never above this one.")
        .key("charge_max_kw", &Limits::charge_max_kw, {.range = Range{0, 1e6}, .required = true},
             "Highest power of charging")
        .key("discharge_max_kw", &Limits::discharge_max_kw, {.range = Range{0, 1e6}, .required = true},
             "and of discharging.")
        .key("charge_efficiency", &Limits::charge_efficiency, {.range = Range{0.3, 1}},
             "Of what is drawn, the share that is stored.")
        .key("discharge_efficiency", &Limits::discharge_efficiency, {.range = Range{0.3, 1}},
             "Of what is taken from store, the share that arrives.")
        .key("self_discharge_pct_per_day", &Limits::self_discharge_pct_per_day, {.range = Range{0, 20}},
             "Lost by itself.")
        .key("wear_per_kwh", &Limits::wear_per_kwh, {.range = Range{0, 10}},
             "What a kWh through the cells costs in wear, charge and discharge each counted.")
        .key("terminal_value_per_kwh", &Limits::terminal_value_per_kwh, {.range = Range{0, 1000}},
             "What a stored kWh is worth at the end of the plan; without it what it saves at the mean price.")
        .key("critical_load", &Entry::critical_load, points(0),
             "The points, in kW, of the load that it backs up when the mains fail.")
        .key("required_autonomy_min", &Limits::required_autonomy_min, {.range = Range{0, 1440}},
             "How long it must carry that load: this energy is kept back, and never spent for money.")
        .table("control", &Entry::control, battery_control_table(), {},
               "Only with this table is anything written: the inverter then follows the plan.")
        .check(check_battery);
}

Table<ValueSegmentEntry> segment_table() {
    return Table<ValueSegmentEntry>("segment", "So much power, and what each MWh of it is worth.")
        .key("value_per_mwh", &ValueSegmentEntry::value_per_mwh,
             {.range = Range{-1e6, 1e6}, .required = true}, "To the class, per MWh of its own load.")
        .key("kw", &ValueSegmentEntry::kw, {.range = Range{0, 1e6}, .required = true}, "How much.");
}

Table<CapEntry> cap_table() {
    using Entry = CapEntry;
    return Table<Entry>("mqtt",
                        "The cap of a load class as a command that is acknowledged; see docs/mqtt.md.")
        .origins(&Entry::origins)
        .key("safe_cap_kw", &Entry::safe_cap_kw, {.range = Range{0, 1e6}, .required = true},
             "What it may draw without a plan; whoever hears nothing any more goes back to it.")
        .key("acknowledge_within_s", &Entry::acknowledge_within, {.range = Range{1, 600}},
             "Without an answer by then it was not followed: an alert.")
        .key("deadband_kw", &Entry::deadband_kw, {.range = Range{0, 1e6}}, "Nothing is said for less.")
        .key("repeat_s", &Entry::repeat, {.range = Range{5, 3600}},
             "It is said again so often, and holds for three times as long.")
        .key("effect_within_s", &Entry::effect_within, {.range = Range{1, 3600}},
             "So long after its answer the class draws no more than the cap, else that is an alert.");
}

void check_load_class(const LoadClassEntry& load_class, Diagnostics& diagnostics) {
    const auto& origins = load_class.origins;
    if (load_class.control && load_class.mqtt) {
        diagnostics.add(load_class.mqtt->origins.table(),
                        "does not go with control: one of them sets the cap");
    }
    const bool by_series = origins.has("value_series");
    if (by_series == origins.has("segment")) {
        diagnostics.add(origins.of("segment"),
                        by_series ? "does not go with value_series"
                                  : "is missing: segment or value_series says what power is worth");
    }
    for (const auto* key : {"yield_per_kwh", "most_kw"}) {
        if (by_series != origins.has(key)) {
            diagnostics.add(origins.of(key),
                            by_series ? "is missing: value_series needs it" : "goes with value_series only");
        }
    }
    for (std::size_t i = 1; i < load_class.segments.size(); ++i) {
        if (load_class.segments[i].value_per_mwh > load_class.segments[i - 1].value_per_mwh) {
            diagnostics.add(origins.of("segment"), "values must fall from segment to segment");
            return;
        }
    }
}

Table<LoadClassEntry> load_class_table() {
    using Entry = LoadClassEntry;
    return Table<Entry>("load_class",
                        "A kind of load that takes what power it is given, and what that is worth to it. The "
                        "auction gives out what the schedule leaves, published on `plan/allocation`: advice, "
                        "unless `control` "
                        "says otherwise.")
        .origins(&Entry::origins)
        .key("id", &Entry::id, {.format = Format::identifier, .required = true}, "`training`.")
        .key("cop", &Entry::cop, {.range = Range{0.1, 100}},
             "Of its cooling: a kW of load draws 1/cop kW more. Without it none.")
        .key("entitlement_kw", &Entry::entitlement_kw, {.range = Range{0, 1e6}},
             "Load that is served first, at the cost of its energy.")
        .key("priority", &Entry::priority, {.range = Range{-1000, 1000}},
             "The higher goes first among equals.")
        .tables("segment", &Entry::segments, segment_table(), {.max_items = 100},
                "What it wants beyond that, values falling; a bid goes before it.")
        .key("value_series", &Entry::value_series, {.format = Format::identifier},
             "Instead: a price series of the unit `other`")
        .key("yield_per_kwh", &Entry::yield_per_kwh, {.range = Range{0, 1e12}},
             "times this, what a kWh of its load brings in that unit,")
        .key("most_kw", &Entry::most_kw, {.range = Range{0, 1e6}}, "for so much power.")
        .key("power", &Entry::power, points(0),
             "The points, in kW, of what it draws: they are part of the site's load. Without them it counts "
             "as "
             "drawing nothing now.")
        .table("control", &Entry::control, load_class_control_table(), {},
               "Only with this table is anything written: what the class may draw at most.")
        .table(
            "mqtt", &Entry::mqtt, cap_table(), {},
            "Instead of control: whoever listens on `command/allocation/ID` is told what the class may draw "
            "at most.")
        .key("bids_by_topic", &Entry::bids_by_topic, {},
             "Takes bids, besides those of the operation `bids`, on the topic `bid/ID` below the root.")
        .check(check_load_class);
}

}  // namespace

Table<DispatchEntry> dispatch_table() {
    using Entry = DispatchEntry;
    using Limits = dispatch::SiteLimits;
    return Table<Entry>("dispatch",
                        "When batteries should charge and discharge. The plan is published on "
                        "`plan/dispatch`, kept and explained. It is advice: nothing is written to any device "
                        "without a `control` table.")
        .origins(&Entry::origins)
        .key("import_price", &Entry::import_price, {.format = Format::identifier, .required = true},
             "The price series of what is bought.")
        .key("export_price", &Entry::export_price, {.format = Format::identifier},
             "The price series of what is sold; without it that earns nothing. It never counts above the "
             "import price.")
        .key("load", &Entry::load, points(1),
             "The points, in kW, that make up the site's load without its batteries.")
        .key(
            "load_series", &Entry::load_series, {.format = Format::identifier},
            "The `[[series]]`, in kW, whose forecast of that load is planned with; without it the one of the "
            "same point, where `load` is one. Until it is calibrated the load of a week before is.")
        .key("pv", &Entry::pv, points(0), "The points, in kW, of generation that could be curtailed.")
        .key("import", &Entry::import, points(0),
             "The points, in kW, of what is drawn from the grid: the billed peak so far is theirs. Without "
             "them it "
             "is load less pv plus what inverters under `control` draw.")
        .key("location", &Entry::location, {.format = Format::identifier},
             "Whose clocks demand charges go by; may be left out where there is only one location.")
        .key("step_min", &Entry::step, {.range = Range{5, 60}}, "Length of a step: 5, 15, 30 or 60.")
        .key("horizon_h", &Entry::horizon, {.range = Range{4, 168}}, "How far ahead is planned.")
        .key("import_limit_kw", &Limits::import_limit_kw, {.range = Range{0.1, 1e6}, .required = true},
             "Contracted import: exceeded only where nothing else is possible, and then an alert.")
        .key("breaker_limit_kw", &Limits::breaker_limit_kw, {.range = Range{0.1, 1e6}},
             "Import that is never exceeded.")
        .key("export_limit_kw", &Limits::export_limit_kw, {.range = Range{0, 1e6}}, "Highest export.")
        .key("demand_price_per_kw", &Limits::demand_price_per_kw, {.range = Range{0, 10'000}},
             "Charge for the highest quarter of an hour of the calendar month.")
        .key("demand_months", &Entry::demand_months, {.range = Range{1, 12}, .max_items = 12},
             "Months in which quarters count for it; without them all.")
        .key("demand_weekdays", &Entry::demand_weekdays,
             {.choices = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"}, .max_items = 7},
             "Likewise weekdays.")
        .key("demand_from", &Entry::demand_from, quarter_rule(), "Likewise the time of day,")
        .key("demand_to", &Entry::demand_to, quarter_rule(),
             "exclusive; equal to demand_from: the whole day.")
        .key("risk_aversion", &Limits::risk_aversion, {.range = Range{0, 1}},
             "0 plans with what is expected, 1 with what is exceeded one time in ten.")
        .key(
            "cvar_level", &Limits::cvar_level, {.range = Range{0.5, 0.99}},
            "With it risk_aversion shifts the load only; of the cost of energy it makes so large a share the "
            "mean of the dearest 1 - cvar_level of the courses that prices took on earlier days.")
        .tables("battery", &Entry::batteries, dispatch_battery_table(), {.max_items = 64, .min_items = 1},
                "The batteries.")
        .tables("load_class", &Entry::load_classes, load_class_table(), {.max_items = 1000},
                "Who bids for power.")
        .check(check_dispatch);
}

}  // namespace sitepower::config
