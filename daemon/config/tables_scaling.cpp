// Groups of instances that are scaled.
#include <array>

#include "daemon/config/addresses.hpp"
#include "daemon/config/tables.hpp"

namespace sitepower::config {

using schema::Diagnostics;
using schema::Format;
using schema::Range;
using schema::Table;

namespace {

void check_metric(const ScaledMetricEntry& entry, Diagnostics& diagnostics) {
    const int sources = static_cast<int>(!entry.series.empty()) + static_cast<int>(!entry.point.empty()) +
                        static_cast<int>(!entry.metric.empty());
    if (sources == 1) return;
    diagnostics.add(entry.origins.of(sources == 0           ? "series"
                                     : entry.metric.empty() ? "point"
                                                            : "metric"),
                    sources == 0 ? "is missing: series, point or metric says what is to be carried"
                                 : "one of series, point and metric, and no more");
}

void check_actuator(const ActuatorEntry& entry, Diagnostics& diagnostics) {
    const auto& origins = entry.origins;
    if (entry.mqtt == (!entry.device.empty() || !entry.command.empty())) {
        diagnostics.add(origins.of(entry.mqtt ? "mqtt" : "device"),
                        entry.mqtt ? "does not go with device and command"
                                   : "is missing: device and command, or mqtt = true");
    } else if (!entry.mqtt && (entry.device.empty() || entry.command.empty())) {
        diagnostics.add(origins.of(entry.device.empty() ? "device" : "command"),
                        "is missing: device and command go together");
    }
    if (!entry.mqtt && origins.has("acknowledge_within_s"))
        diagnostics.add(origins.of("acknowledge_within_s"), "goes with mqtt only");
}

void check_group(const ScalingEntry& entry, Diagnostics& diagnostics) {
    const auto& origins = entry.origins;
    if (entry.least_instances > entry.most_instances)
        diagnostics.add(origins.of("least_instances"), "must not be above most_instances");
    if (entry.utilisation_low >= entry.utilisation_high)
        diagnostics.add(origins.of("utilisation_low"), "must be below utilisation_high");
    if (!entry.instances_point.empty() && !entry.instances_metric.empty())
        diagnostics.add(origins.of("instances_metric"), "does not go with instances_point");
    if (entry.actuator && entry.instances_point.empty() && entry.instances_metric.empty()) {
        diagnostics.add(origins.of("instances_point"),
                        "is missing: an actuator needs instances_point or instances_metric, or nobody sees "
                        "what came of it");
    }
    if (entry.load_class.empty() != (entry.kw_per_instance == 0)) {
        const char* const absent = entry.load_class.empty() ? "load_class" : "kw_per_instance";
        diagnostics.add(origins.of(absent), "is missing: load_class and kw_per_instance go together");
    }
}

Table<ScaledMetricEntry> metric_table() {
    using Entry = ScaledMetricEntry;
    return Table<Entry>("metric", "What the instances carry; the metric that needs the most of them decides.")
        .origins(&Entry::origins)
        .key("name", &Entry::name, {.format = Format::identifier, .required = true}, "`requests`.")
        .key("series", &Entry::series, {.format = Format::identifier},
             "A `[[series]]`: its forecast counts, and what it measures where that cannot be trusted;")
        .key("point", &Entry::point, point_path(), "or a point that measures it;")
        .key("metric", &Entry::metric, metric_name(), "or what somebody publishes on `metric/SERVICE/NAME`.")
        .key("capacity_per_instance", &Entry::capacity_per_instance,
             {.range = Range{1e-9, 1e12}, .required = true}, "What one instance carries of it at 100 %.")
        .check(check_metric);
}

}  // namespace

Table<ActuatorEntry> actuator_table() {
    using Entry = ActuatorEntry;
    return Table<Entry>("actuator", "Who carries it out. Without this table it is advice.")
        .origins(&Entry::origins)
        .key("device", &Entry::device, {.format = Format::identifier},
             "A device, whose `commands` must enable the command,")
        .key("command", &Entry::command, {.format = Format::optional}, "the command that takes the number;")
        .key("mqtt", &Entry::mqtt, {},
             "or whoever listens on the topic `command/...` and answers on `command/.../ack`: see "
             "docs/mqtt.md.")
        .key("acknowledge_within_s", &Entry::acknowledge_within, {.range = Range{1, 600}},
             "Of mqtt: without an answer by then the command has failed.")
        .check(check_actuator);
}

Table<ScalingEntry> scaling_table() {
    using Entry = ScalingEntry;
    using Rules = dispatch::ScalingRules;
    return Table<Entry>(
               "scaling",
               "A service whose number of instances is decided by forecasts and measured load: told "
               "on `scaling/ID`, kept and explained. It is advice, unless `actuator` says otherwise.")
        .origins(&Entry::origins)
        .key("id", &Rules::group, {.format = Format::identifier, .required = true},
             "Names the service in topics and operations.")
        .key("least_instances", &Rules::least_instances, {.range = Range{0, 100'000}}, "Never fewer,")
        .key("most_instances", &Rules::most_instances, {.range = Range{1, 100'000}, .required = true},
             "never more.")
        .key("instances_point", &Entry::instances_point, point_path(), "The point that says how many run;")
        .key("instances_metric", &Entry::instances_metric, metric_name(),
             "or what somebody publishes on `metric/SERVICE/NAME`; known for five minutes.")
        .tables("metric", &Entry::metrics, metric_table(), {.max_items = 16, .min_items = 1},
                "What they carry.")
        .key("target_utilisation", &Rules::target_utilisation, {.range = Range{0.05, 1}},
             "The share of its capacity that an instance is to carry.")
        .key("quantile", &Rules::quantile, {.range = Range{0.5, 0.99}},
             "Of the forecast: 0.5, 0.9, or 0.99 for what must not wait.")
        .key("lead_time_min", &Entry::lead_time, {.range = Range{0, 1440}},
             "Until a new instance carries load: the highest forecast within it counts.")
        .key(
            "least_confidence", &Rules::least_confidence, {.range = Range{0, 1}},
            "Below it, as with a forecast that is stale, measured load alone counts, and it never goes down.")
        .key("load_class", &Entry::load_class, {.format = Format::identifier},
             "The `[[dispatch.load_class]]` whose award they must not exceed,")
        .key("kw_per_instance", &Rules::kw_per_instance, {.range = Range{0, 1e6}}, "at so much each.")
        .key("down_margin", &Rules::down_margin, {.range = Range{0, 0.9}},
             "It goes down only when so much less is needed.")
        .key("down_window_s", &Rules::down_window, {.range = Range{0, 86'400}},
             "It goes down to the most that was needed within this time.")
        .key("up_cooldown_s", &Rules::up_cooldown, {.range = Range{0, 86'400}}, "After any action, before up")
        .key("down_cooldown_s", &Rules::down_cooldown, {.range = Range{0, 86'400}}, "and before down.")
        .key("most_step_up", &Rules::most_step_up, {.range = Range{0.01, 100}},
             "Largest step up, of the present number")
        .key("most_step_down", &Rules::most_step_down, {.range = Range{0.01, 1}},
             "and down; one instance is always possible.")
        .key("most_turns_per_hour", &Rules::most_turns_per_hour, {.range = Range{1, 100}},
             "Changes of direction; beyond them it holds, and `scaling_flapping` says so.")
        .key("verify_after_s", &Rules::verify_after, {.range = Range{1, 3600}},
             "So long after it was carried out a decision is judged, and taken back once if it did not work.")
        .key("utilisation_low", &Rules::utilisation_low, {.range = Range{0, 1}},
             "A step up is taken back when the measured utilisation is below,")
        .key("utilisation_high", &Rules::utilisation_high, {.range = Range{0, 10}},
             "a step down when it is above.")
        .table("actuator", &Entry::actuator, actuator_table(), {}, "Who carries it out.")
        .check(check_group);
}

}  // namespace sitepower::config
