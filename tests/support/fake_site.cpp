#include <algorithm>

#include "tests/support/fake_context.hpp"

namespace sitepower::support {
namespace {

using namespace std::chrono_literals;

std::shared_ptr<const Layout> layout(const std::string& device, DeviceIndex index, const std::string& group,
                                     Duration period) {
    Layout layout;
    layout.device = device;
    layout.device_index = index;
    layout.group = group;
    layout.period = period;
    return std::make_shared<const Layout>(std::move(layout));
}

DeviceModel device(const std::string& id, DeviceIndex index, DeviceKind kind, const std::string& bus,
                   std::vector<PointModel> points) {
    DeviceModel model;
    model.id = id;
    model.kind = kind;
    model.profile = "sim-" + bus;
    model.bus = bus;
    model.unit = 1 + static_cast<int>(position(index));
    model.points = std::move(points);
    model.layouts = {layout(id, index, "fast", 1s), layout(id, index, "slow", 60s)};
    return model;
}

BatteryModel jar(int number) {
    const auto n = static_cast<std::uint32_t>(number);
    BatteryModel battery;
    battery.id = "BAT-DC-CNX-01-UPS-01-STR-01-00" + std::to_string(number);
    battery.position = number;
    battery.voltage_v = PointRef{DeviceIndex{1}, n};
    if (number == 1) {
        battery.manufacturer = "Yuasa";
        battery.model = "SWL2500";
        battery.serial_number = "Y-4711";
        battery.installed_date = parse_time("2024-01-31");
        battery.warranty_months = 36;
        battery.temperature_c = PointRef{DeviceIndex{1}, 4};
    }
    return battery;
}

SiteModel make_model() {
    SiteModel model;
    model.id = "DC-CNX-01";
    model.name = "Chiang Mai 1";
    Location room;
    room.id = "ROOM-1";
    room.name = "Electrical room 1";
    room.city = "Chiang Mai";
    room.country = "TH";
    room.latitude = 18.79;
    room.longitude = 98.98;
    room.temperature_offset_c = 2.5;
    Location yard;
    yard.id = "YARD";
    model.locations = {room, yard};
    model.devices = {device("ups-1", DeviceIndex{0}, DeviceKind::ups, "tcp-1",
                            {{"load_kw", "kW"}, {"on_battery", ""}, {"nominal.power_kw", "kW"}}),
                     device("monitor-1", DeviceIndex{1}, DeviceKind::battery_monitor, "tcp-1",
                            {{"current_a", "A"},
                             {"jar1.voltage_v", "V"},
                             {"jar2.voltage_v", "V"},
                             {"jar3.voltage_v", "V"},
                             {"jar1.temperature_c", "Cel"}}),
                     device("meter-1", DeviceIndex{2}, DeviceKind::meter, "rtu-1", {{"power_kw", "kW"}})};
    model.devices[2].location = LocationIndex{1};
    model.upses.emplace_back();
    model.upses[0].strings = {StringIndex{0}};
    StringModel string;
    string.id = "STR-01";
    string.ups = UpsIndex{0};
    string.nominal_capacity_ah = 93;
    string.current_a = PointRef{DeviceIndex{1}, 0};
    string.batteries = {BatteryIndex{0}, BatteryIndex{1}, BatteryIndex{2}};
    model.strings = {string};
    for (const int n : {1, 2, 3}) model.batteries.push_back(jar(n));
    return model;
}

Measurement measured(double value) {
    Measurement measurement;
    measurement.value = value;
    measurement.reason = "";
    measurement.time = fake_now - 2s;
    return measurement;
}

Estimate estimated(double value, double sigma) {
    Estimate estimate;
    estimate.value = value;
    estimate.sigma = sigma;
    estimate.status = EstimateStatus::ok;
    return estimate;
}

Estimate unknown(std::string_view reason) {
    Estimate estimate;
    estimate.reason = reason;
    return estimate;
}

BatteryState battery_state(std::uint32_t index) {
    BatteryState state;
    state.battery = BatteryIndex{index};
    state.soc_pct = unknown("no_full_charge_reference");
    state.soh_pct = unknown("no_estimator");
    state.rul_days = unknown("no_estimator");
    state.resistance_ratio = unknown("no_sensor");
    return state;
}

std::vector<BatteryState> make_battery_states() {
    auto healthy = battery_state(0);
    healthy.voltage_v = measured(13.52);
    healthy.current_a = measured(-1.5);
    healthy.temperature_c = measured(24.5);
    healthy.soc_pct = estimated(98.5, 1.2);
    healthy.status = HealthStatus::healthy;
    auto critical = battery_state(1);
    critical.voltage_v = measured(10.4);
    critical.status = HealthStatus::critical;
    critical.active_alerts = 1;
    auto silent = battery_state(2);
    silent.status_reason = "stale_input";
    return {healthy, critical, silent};
}

std::vector<DeviceState> make_device_states() {
    DeviceState ups;
    ups.status = DeviceStatus::online;
    ups.last_seen = fake_now - 1s;
    ups.since = fake_now - 24h;
    auto monitor = ups;
    monitor.device = DeviceIndex{1};
    DeviceState meter;
    meter.device = DeviceIndex{2};
    meter.status = DeviceStatus::offline;
    meter.reason = "bus rtu-1, unit 3: no answer";
    meter.since = fake_now - 2h;
    return {ups, monitor, meter};
}

std::vector<Alert> make_alerts() {
    Alert low;
    low.id = "A-low";
    low.type = "voltage_low";
    low.severity = Severity::critical;
    low.subject = {SubjectKind::battery, "BAT-DC-CNX-01-UPS-01-STR-01-002"};
    low.message = "voltage 10.4 V is under 10.5 V";
    low.threshold = 10.5;
    low.actual = 10.4;
    low.unit = "V";
    low.triggered_at = fake_now - 10min;
    Alert offline;
    offline.id = "A-offline";
    offline.type = "device_offline";
    offline.subject = {SubjectKind::device, "meter-1"};
    offline.message = "meter-1 does not answer";
    offline.triggered_at = fake_now - 2h;
    offline.acknowledged_at = fake_now - 1h;
    offline.acknowledged_by = "alice";
    offline.acknowledgment_note = "fuse ordered";
    return {offline, low};
}

LatestValue read_value(double value, Quality quality) {
    return {value, quality, fake_now - 2s, true};
}

}  // namespace

FakeSite::FakeSite()
    : latest_values{{read_value(42.5, Quality::good), read_value(0, Quality::good),
                     read_value(60, Quality::good)},
                    {read_value(-1.5, Quality::good), read_value(13.52, Quality::good),
                     read_value(10.4, Quality::good), read_value(0, Quality::not_implemented),
                     read_value(24.5, Quality::good)},
                    {LatestValue{}}},
      device_states(make_device_states()),
      battery_states(make_battery_states()),
      alerts(make_alerts()),
      maintenance_windows{
          {"MW-1", {SubjectKind::device, "ups-1"}, fake_now - 1h, fake_now + 1h, "bob", "fans"}},
      model_(make_model()) {
    StringState string;
    string.current_a = measured(-1.5);
    string.voltage_v.reason = "no_sensor";
    string.soc_pct = estimated(97, 2.5);
    string.autonomy_at_forecast.median = unknown("no_load_forecast");
    string.voltage_imbalance_v = measured(0.1);
    string.status = HealthStatus::critical;
    string_states = {string};
    UpsState ups;
    ups.load_kw = measured(42.5);
    ups.autonomy_min = unknown("no_estimator");
    ups.autonomy_at_forecast.median = unknown("no_load_forecast");
    ups.voltage_imbalance_v = measured(0.1);
    ups.weakest = BatteryIndex{0};
    ups_states = {ups};
}

}  // namespace sitepower::support
