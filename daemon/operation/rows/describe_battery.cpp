#include "daemon/operation/rows/describe_battery.hpp"

#include <algorithm>

namespace sitepower {
namespace {

std::optional<Time> newest(std::initializer_list<const Measurement*> measurements) {
    std::optional<Time> time;
    for (const auto* measurement : measurements) {
        if (measurement->value) time = std::max(time.value_or(measurement->time), measurement->time);
    }
    return time;
}

Json describe_latest(const BatteryState& state) {
    Record record;
    record.time(
        "timestamp",
        newest({&state.voltage_v, &state.current_a, &state.temperature_c, &state.internal_resistance_ohm}),
        "nothing_measured");
    record.measured("voltage_v", state.voltage_v).measured("current_a", state.current_a);
    record.measured("temperature_c", state.temperature_c);
    record.measured("internal_resistance_ohm", state.internal_resistance_ohm);
    record.estimated("soc_pct", state.soc_pct).estimated("soh_pct", state.soh_pct);
    return record.take();
}

Json describe_estimate_status(const BatteryState& state) {
    return {{"soc_pct", to_string(state.soc_pct.status)},
            {"soh_pct", to_string(state.soh_pct.status)},
            {"rul_days", to_string(state.rul_days.status)},
            {"resistance_ratio", to_string(state.resistance_ratio.status)}};
}

PointName name_of(const SiteModel& model, const PointRef& ref) {
    const auto& device = model.devices[position(ref.device)];
    return {device.id, device.points[ref.slot].name};
}

}  // namespace

void describe_weakest(Record& record, const SiteView& site, const std::optional<BatteryIndex>& weakest) {
    if (weakest) {
        record.set("weakest_battery", site.model().batteries[position(*weakest)].id);
    } else {
        record.unknown("weakest_battery", "no_voltages");
    }
}

std::string format_date(Time time) {
    return format_time(time).substr(0, 10);
}

Record describe_battery(const SiteView& site, BatteryIndex battery) {
    const auto& model = site.model();
    const auto& self = model.batteries[position(battery)];
    const auto& string = model.strings[position(self.string)];
    const auto& state = site.batteries()[position(battery)];
    const auto positive = [](double value) { return value > 0 ? std::optional(value) : std::nullopt; };

    Record record;
    record.set("battery_id", self.id)
        .text("serial_number", self.serial_number)
        .set("position", self.position);
    record.text("manufacturer", self.manufacturer).text("model", self.model);
    record.set("chemistry", to_string(string.chemistry));
    record.maybe("nominal_voltage_v", positive(string.nominal_voltage_v), "not_configured");
    record.maybe("nominal_capacity_ah", positive(string.nominal_capacity_ah), "not_configured");
    record.text("installed_date", self.installed_date ? format_date(*self.installed_date) : std::string());
    record.maybe("warranty_months", self.warranty_months, "not_configured");
    record.set("string_id", string.id);
    record.set("location_id", model.locations[position(string.location)].id);
    record.set("latest_telemetry", describe_latest(state));
    record.set("estimate_status", describe_estimate_status(state));
    record.set("status", to_string(state.status)).because("status", state.status_reason);
    record.set("active_alerts", state.active_alerts);
    return record;
}

std::vector<Field> battery_fields() {
    return {
        {"battery_id", "text", "", "identifier"},
        {"serial_number", "text", "", "of the maker"},
        {"position", "integer", "", "in the string, from 1"},
        {"manufacturer", "text", "", "maker"},
        {"model", "text", "", "of the maker"},
        {"chemistry", "text", "", "vrla, lfp, nmc or nca"},
        {"nominal_voltage_v", "number", "V", "as configured"},
        {"nominal_capacity_ah", "number", "Ah", "at the reference rate and 25 Cel"},
        {"installed_date", "date", "", "as configured"},
        {"warranty_months", "integer", "month", "as configured"},
        {"string_id", "text", "", "the string it belongs to"},
        {"location_id", "text", "", "where it stands"},
        {"latest_telemetry.timestamp", "time", "", "of the newest measured value"},
        {"latest_telemetry.voltage_v", "number", "V", "measured"},
        {"latest_telemetry.current_a", "number", "A", "charging positive"},
        {"latest_telemetry.temperature_c", "number", "Cel", "measured"},
        {"latest_telemetry.internal_resistance_ohm", "number", "Ohm", "measured"},
        {"latest_telemetry.soc_pct", "number", "%", "estimated state of charge"},
        {"latest_telemetry.soh_pct", "number", "%", "estimated state of health"},
        {"estimate_status.soc_pct", "text", "", "ok, degraded, prior_only or unknown"},
        {"estimate_status.soh_pct", "text", "", "likewise; prior_only: from the age, nothing measured yet"},
        {"estimate_status.rul_days", "text", "", "likewise"},
        {"estimate_status.resistance_ratio", "text", "", "likewise"},
        {"status", "text", "",
         "worst open alert: healthy, warning, critical; or unknown, where its data are stale or its health "
         "is only supposed"},
        {"active_alerts", "integer", "", "open alerts of this battery"}};
}

std::vector<TelemetryPoint> telemetry_points(const SiteModel& model, BatteryIndex battery) {
    const auto& self = model.batteries[position(battery)];
    std::vector<TelemetryPoint> points;
    const auto add = [&](const std::optional<PointRef>& ref, std::string_view name) {
        if (ref) points.push_back({name_of(model, *ref), name});
    };
    add(self.voltage_v, "voltage_v");
    add(model.strings[position(self.string)].current_a, "current_a");
    add(self.temperature_c, "temperature_c");
    add(self.internal_resistance_ohm, "internal_resistance_ohm");
    return points;
}

Json describe_rows(const std::vector<PastRow>& rows, const std::vector<std::string>& names) {
    Json list = Json::array();
    for (const auto& row : rows) {
        Json values = Json::object();
        Json quality = Json::object();
        for (const auto& past : row.values) {
            const auto& name = names[past.point];
            if (past.value && past.quality == Quality::good) {
                values[name] = *past.value;
            } else {
                values[name] = nullptr;
                quality[name] = to_string(past.quality);
            }
        }
        list.push_back({{"timestamp", format_time(row.time)},
                        {"values", std::move(values)},
                        {"quality", std::move(quality)}});
    }
    return list;
}

}  // namespace sitepower
