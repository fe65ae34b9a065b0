#include "daemon/message/payload.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <span>

#include "daemon/message/json_writer.hpp"
#include "daemon/message/payload_head.hpp"

namespace sitepower {
namespace {

void write_count(JsonWriter& json, std::string_view name, std::uint64_t value) {
    json.key(name);
    json.integer(static_cast<std::int64_t>(value));
}

void write_optional(JsonWriter& json, std::string_view name, std::optional<double> value) {
    json.key(name);
    if (value)
        json.number(*value);
    else
        json.null();
}

void write_optional(JsonWriter& json, std::string_view name, std::optional<Time> value) {
    json.key(name);
    if (value)
        json.time(*value);
    else
        json.null();
}

// null when empty: nothing was said.
void write_optional_text(JsonWriter& json, std::string_view name, std::string_view value) {
    json.key(name);
    if (value.empty())
        json.null();
    else
        json.text(value);
}

struct NamedMeasurement {
    std::string_view name;
    const Measurement& measurement;
};

struct NamedEstimate {
    std::string_view name;
    const Estimate& estimate;
};

// An unknown value that gives no reason would break the promise of `quality`.
std::string_view reason_or_unknown(std::string_view reason) {
    return reason.empty() ? "unknown" : reason;
}

void write_values(JsonWriter& json, std::span<const NamedMeasurement> measurements,
                  std::span<const NamedEstimate> estimates) {
    json.key("values");
    json.begin_object();
    for (const auto& [name, measurement] : measurements) write_optional(json, name, measurement.value);
    for (const auto& [name, estimate] : estimates) write_optional(json, name, estimate.value);
    json.end_object();
    json.key("quality");
    json.begin_object();
    for (const auto& [name, measurement] : measurements) {
        if (!measurement.value) json.text(name, reason_or_unknown(measurement.reason));
    }
    for (const auto& [name, estimate] : estimates) {
        if (!estimate.value || estimate.status != EstimateStatus::ok)
            json.text(name, estimate.reason.empty() ? to_string(estimate.status) : estimate.reason);
    }
    json.end_object();
}

void write_estimates(JsonWriter& json, std::span<const NamedEstimate> estimates) {
    json.key("estimates");
    json.begin_object();
    for (const auto& [name, estimate] : estimates) {
        json.key(name);
        json.begin_object();
        write_optional(json, "value", estimate.value);
        write_optional(json, "sigma", estimate.value ? std::optional<double>(estimate.sigma) : std::nullopt);
        json.text("status", to_string(estimate.status));
        write_optional_text(json, "reason", estimate.reason);
        write_optional(json, "as_of", estimate.value ? std::optional<Time>(estimate.as_of) : std::nullopt);
        json.end_object();
    }
    json.end_object();
}

void write_alert(JsonWriter& json, const AlertChange& change) {
    const Alert& alert = change.alert;
    json.text("transition", to_string(change.transition));
    json.text("alert_type", alert.type);
    json.text("severity", to_string(alert.severity));
    json.text("subject_kind", to_string(alert.subject.kind));
    json.text("subject_id", alert.subject.id);
    json.text("message", alert.message);
    write_optional(json, "threshold_value", alert.threshold);
    write_optional(json, "actual_value", alert.actual);
    write_optional_text(json, "unit", alert.unit);
    write_optional(json, "triggered_at", std::optional<Time>(alert.triggered_at));
    write_optional(json, "resolved_at", alert.resolved_at);
    write_optional_text(json, "resolved_by", alert.resolved_by);
    write_optional_text(json, "resolution_note", alert.resolution_note);
    json.key("is_acknowledged");
    json.boolean(alert.acknowledged_at.has_value());
    write_optional(json, "acknowledged_at", alert.acknowledged_at);
    write_optional_text(json, "acknowledged_by", alert.acknowledged_by);
    write_optional_text(json, "acknowledgment_note", alert.acknowledgment_note);
    json.key("is_active");
    json.boolean(alert.is_active());
    json.key("is_pending");
    json.boolean(alert.is_pending());
    write_count(json, "affected", alert.affected);
    write_count(json, "flaps", alert.flaps);
}

// Null, all of it, while the life is not known.
void write_remaining_life(JsonWriter& json, const BatteryState& state) {
    json.key("rul_days");
    if (!state.rul_days.value || !state.rul_interval) {
        json.null();
        json.text("rul_days_reason",
                  state.rul_days.value ? "no_interval_estimated" : reason_or_unknown(state.rul_days.reason));
        return;
    }
    json.begin_object();
    write_optional(json, "p10", std::optional(state.rul_interval->p10));
    write_optional(json, "p50", state.rul_days.value);
    write_optional(json, "p90", std::optional(state.rul_interval->p90));
    json.key("censored");
    json.boolean(state.rul_interval->censored);
    json.end_object();
}

void write_weakest(JsonWriter& json, const SiteModel& model, const std::optional<BatteryIndex>& weakest) {
    write_optional_text(
        json, "weakest_battery",
        weakest ? std::string_view(model.batteries[position(*weakest)].id) : std::string_view());
    if (!weakest) json.text("weakest_battery_reason", "no_voltages");
}

// Beside the median, and unknown with it.
Measurement autonomy_quantile(const std::optional<double>& minutes, const Estimate& median) {
    return {minutes, minutes ? "" : median.reason, median.as_of};
}

}  // namespace

std::string device_state_json(const PayloadHead& head, const DeviceModel& device, const DeviceState& state) {
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    write_head(json, head, {.kind = "device", .id = device.id});
    json.text("status", to_string(state.status));
    write_optional_text(json, "status_reason", state.reason);
    write_optional(json, "since", std::optional<Time>(state.since));
    write_optional(json, "last_seen", state.last_seen);
    if (!state.last_seen) json.text("last_seen_reason", "never_seen");
    json.end_object();
    return out;
}

std::string battery_state_json(const PayloadHead& head, const SiteModel& model, const BatteryState& state) {
    const BatteryModel& battery = model.batteries[position(state.battery)];
    const auto measurements =
        std::to_array<NamedMeasurement>({{"voltage_v", state.voltage_v},
                                         {"current_a", state.current_a},
                                         {"temperature_c", state.temperature_c},
                                         {"internal_resistance_ohm", state.internal_resistance_ohm}});
    const auto estimates = std::to_array<NamedEstimate>({{"soc_pct", state.soc_pct},
                                                         {"soh_pct", state.soh_pct},
                                                         {"rul_days", state.rul_days},
                                                         {"resistance_ratio", state.resistance_ratio}});
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    write_head(json, head, {.kind = "battery", .id = battery.id});
    json.text("string", model.strings[position(battery.string)].id);
    write_count(json, "position", static_cast<std::uint64_t>(battery.position));
    write_values(json, measurements, estimates);
    write_estimates(json, estimates);
    write_remaining_life(json, state);
    json.text("status", to_string(state.status));
    write_optional_text(json, "status_reason", state.status_reason);
    write_count(json, "active_alerts", state.active_alerts);
    json.end_object();
    return out;
}

std::string string_state_json(const PayloadHead& head, const SiteModel& model, const StringState& state) {
    const Measurement p10 = autonomy_quantile(state.autonomy_p10_min, state.autonomy_min);
    const Measurement p90 = autonomy_quantile(state.autonomy_p90_min, state.autonomy_min);
    const AutonomyMinutes& to_come = state.autonomy_at_forecast;
    const Measurement forecast_p10 = autonomy_quantile(to_come.p10, to_come.median);
    const Measurement forecast_p90 = autonomy_quantile(to_come.p90, to_come.median);
    const auto measurements =
        std::to_array<NamedMeasurement>({{"current_a", state.current_a},
                                         {"voltage_v", state.voltage_v},
                                         {"voltage_imbalance_v", state.voltage_imbalance_v},
                                         {"autonomy_p10_min", p10},
                                         {"autonomy_p90_min", p90},
                                         {"autonomy_forecast_p10_min", forecast_p10},
                                         {"autonomy_forecast_p90_min", forecast_p90}});
    const auto estimates = std::to_array<NamedEstimate>({{"soc_pct", state.soc_pct},
                                                         {"autonomy_min", state.autonomy_min},
                                                         {"autonomy_forecast_min", to_come.median}});
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    write_head(json, head, {.kind = "string", .id = model.strings[position(state.string)].id});
    write_values(json, measurements, estimates);
    write_estimates(json, estimates);
    write_weakest(json, model, state.weakest);
    json.text("status", to_string(state.status));
    write_count(json, "active_alerts", state.active_alerts);
    json.end_object();
    return out;
}

std::string ups_state_json(const PayloadHead& head, const SiteModel& model, const UpsState& state) {
    const UpsModel& ups = model.upses[position(state.ups)];
    const Measurement p10 = autonomy_quantile(state.autonomy_p10_min, state.autonomy_min);
    const Measurement p90 = autonomy_quantile(state.autonomy_p90_min, state.autonomy_min);
    const AutonomyMinutes& to_come = state.autonomy_at_forecast;
    const Measurement forecast_p10 = autonomy_quantile(to_come.p10, to_come.median);
    const Measurement forecast_p90 = autonomy_quantile(to_come.p90, to_come.median);
    const auto measurements =
        std::to_array<NamedMeasurement>({{"load_kw", state.load_kw},
                                         {"voltage_imbalance_v", state.voltage_imbalance_v},
                                         {"autonomy_ups_min", state.autonomy_ups_min},
                                         {"autonomy_p10_min", p10},
                                         {"autonomy_p90_min", p90},
                                         {"autonomy_forecast_p10_min", forecast_p10},
                                         {"autonomy_forecast_p90_min", forecast_p90}});
    const auto estimates = std::to_array<NamedEstimate>(
        {{"autonomy_min", state.autonomy_min}, {"autonomy_forecast_min", to_come.median}});
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    write_head(json, head, {.kind = "ups", .id = model.devices[position(ups.device)].id});
    json.key("on_battery");
    if (state.on_battery) {
        json.boolean(*state.on_battery);
    } else {
        json.null();
        json.text("on_battery_reason", reason_or_unknown(state.on_battery_reason));
    }
    write_values(json, measurements, estimates);
    write_estimates(json, estimates);
    write_weakest(json, model, state.weakest);
    json.text("status", to_string(state.status));
    json.end_object();
    return out;
}

std::string alert_json(const PayloadHead& head, const AlertChange& change) {
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    write_head(json, head, {.kind = "alert", .id = change.alert.id});
    write_alert(json, change);
    json.end_object();
    return out;
}

std::string alert_event_json(const PayloadHead& head, const AlertChange& change) {
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    write_head(json, head, {.kind = "event", .id = "alert"});
    json.text("alert", change.alert.id);
    write_alert(json, change);
    json.end_object();
    return out;
}

std::string maintenance_json(const PayloadHead& head, const MaintenanceWindow& window,
                             std::string_view transition) {
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    write_head(json, head, {.kind = "event", .id = "maintenance"});
    json.key("transition");
    json.text(transition);
    json.key("window");
    json.text(window.id);
    json.key("subject_kind");
    json.text(to_string(window.subject.kind));
    json.key("subject");
    json.text(window.subject.id);
    write_optional(json, "from", std::optional<Time>(window.from));
    write_optional(json, "to", std::optional<Time>(window.to));
    json.key("who");
    json.text(window.who);
    json.key("why");
    json.text(window.why);
    json.end_object();
    return out;
}

std::string battery_replaced_json(const PayloadHead& head, const SiteModel& model,
                                  const BatteryReplaced& replaced) {
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    write_head(json, head, {.kind = "event", .id = "battery"});
    json.text("transition", "replaced");
    json.text("battery", model.batteries[position(replaced.battery)].id);
    json.text("old_serial_number", replaced.old_serial_number);
    json.text("serial_number", replaced.serial_number);
    json.text("model", replaced.model);
    write_optional(json, "installed_date", std::optional<Time>(replaced.date));
    json.text("who", replaced.who);
    json.end_object();
    return out;
}

std::string capacity_test_json(const PayloadHead& head, const SiteModel& model,
                               const CapacityReport& report) {
    const BatteryModel& battery = model.batteries[position(report.battery)];
    const bool is_timed = report.lasted > Duration::zero();
    const double lasted_min = std::chrono::duration<double, std::ratio<60>>(report.lasted).count();
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    write_head(json, head, {.kind = "event", .id = "capacity_test"});
    json.text("battery", battery.id);
    write_optional_text(json, "serial_number", battery.serial_number);
    write_optional(json, "tested_at", std::optional<Time>(report.test.time));
    write_optional(json, "lasted_min", is_timed ? std::optional(lasted_min) : std::nullopt);
    write_optional(json, "delivered_ah", std::optional<double>(report.test.delivered_ah));
    write_optional(json, "rated_ah", std::optional<double>(report.test.rated_ah));
    write_optional(json, "temperature_c", report.test.temperature_c);
    write_optional(json, "health_pct", std::optional<double>(report.health_pct));
    json.key("passed");
    if (report.passed || report.flaw.empty()) {
        json.boolean(report.passed);
    } else {
        json.null();
        json.text("passed_reason", report.flaw);
    }
    write_optional_text(json, "evidence_reason", report.flaw);
    json.text("who", report.who);
    json.end_object();
    return out;
}

std::string payload_json(const PayloadHead& head, std::string_view object) {
    std::string text;
    JsonWriter json(text);
    json.begin_object();
    write_head(json, head, {});
    if (object.size() <= 2) {
        json.end_object();
        return text;
    }
    text += ',';
    text += object.substr(1);
    return text;
}

std::string gap_json(const PayloadHead& head, const ReadingsGap& gap) {
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    write_head(json, head, {.kind = "event", .id = "gap"});
    write_optional(json, "from", std::optional<Time>(gap.from));
    write_optional(json, "to", std::optional<Time>(gap.to));
    write_count(json, "frames", gap.frames);
    json.end_object();
    return out;
}

std::string status_json(const PayloadHead& head, const StatusReport& report) {
    constexpr std::array<std::string_view, 3> words{"online", "offline", "lost"};
    const bool lost = report.status == PublishedStatus::lost;
    const auto id =
        fmt::format("{}-{:016x}-status-{}{}", head.site, head.epoch_bits, head.seq, lost ? "-lost" : "");
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    write_head(json, head, {}, id);
    json.text("status", words[static_cast<std::size_t>(report.status)]);
    json.text("version", report.version);
    json.text("epoch", fmt::format("{:016x}", head.epoch_bits));
    write_optional(json, "since", report.since);
    if (!report.since) json.text("since_reason", "written_before_the_loss");
    json.end_object();
    return out;
}

}  // namespace sitepower
