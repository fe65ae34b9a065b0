#include "core/site/site.hpp"

#include <algorithm>

#include "core/site/engine.hpp"

namespace sitepower {

Site::Site(std::shared_ptr<const SiteModel> model, SiteSettings settings)
    : state_(std::make_unique<State>(std::move(model), std::move(settings))) {}
Site::~Site() = default;
Site::Site(Site&&) noexcept = default;
Site& Site::operator=(Site&&) noexcept = default;

void Site::State::restore(const Snapshot& snapshot, Effects& effects) {
    const Moment& moment = clock.moment();
    for (const Alert& alert : snapshot.open_alerts) {
        if (!alert.is_active() || !alerts.restore_open(alert, moment, effects)) continue;
        battery_alerts.assume(alert);
        ageing_alerts.assume(alert);
        plant_alerts.assume(alert, moment);
        device_alarms.assume(alert);
    }
    for (const Alert& alert : snapshot.resolved_by_hand) {
        if (!alerts.restore_muted(alert, moment)) continue;
        battery_alerts.assume(alert);
        ageing_alerts.assume(alert);
        plant_alerts.assume(alert, moment);
        device_alarms.assume(alert);
    }
    for (const MaintenanceWindow& window : snapshot.windows) alerts.restore_window(window, moment, effects);
    for (const BatteryMemory& memory : snapshot.batteries) {
        adopt(memory);
        const auto battery = batteries.restore(memory, moment);
        if (!battery) continue;
        ageing.restore(*battery, memory.ageing);
        if (memory.discharge) capacity_watch.restore(*battery, *memory.discharge, moment);
        if (memory.usual_float_current_a) {
            ageing_alerts.restore_float_current(model->batteries[position(*battery)].string,
                                                *memory.usual_float_current_a, moment);
        }
    }
    alerts.clear_changed();
}

void Site::restore(const Snapshot& snapshot, Time now, Effects& effects) {
    state_->clock.advance(now);
    state_->restore(snapshot, effects);
}

namespace {

bool is_same_point(const SiteModel& model, const std::optional<PointRef>& point, const SiteModel& old_model,
                   const std::optional<PointRef>& old_point) {
    if (!point || !old_point) return point.has_value() == old_point.has_value();
    const DeviceModel& device = model.devices[position(point->device)];
    const DeviceModel& old_device = old_model.devices[position(old_point->device)];
    return device.id == old_device.id &&
           device.points[point->slot].name == old_device.points[old_point->slot].name;
}

bool is_same(const SiteModel& model, const BatteryModel& battery, const SiteModel& old_model,
             const BatteryModel& old) {
    const auto is_measured_the_same = [&](std::optional<PointRef> BatteryModel::*point) {
        return is_same_point(model, battery.*point, old_model, old.*point);
    };
    return battery.id == old.id && battery.serial_number == old.serial_number && battery.model == old.model &&
           battery.installed_date == old.installed_date && is_measured_the_same(&BatteryModel::voltage_v) &&
           is_measured_the_same(&BatteryModel::temperature_c) &&
           is_measured_the_same(&BatteryModel::internal_resistance_ohm) &&
           is_measured_the_same(&BatteryModel::soc_pct) && is_measured_the_same(&BatteryModel::soh_pct);
}

bool is_same(const SiteModel& model, const StringModel& string, const SiteModel& old_model,
             const StringModel& old) {
    const auto is_measured_the_same = [&](std::optional<PointRef> StringModel::*point) {
        return is_same_point(model, string.*point, old_model, old.*point);
    };
    return string.id == old.id && string.chemistry == old.chemistry &&
           string.nominal_voltage_v == old.nominal_voltage_v &&
           string.nominal_capacity_ah == old.nominal_capacity_ah &&
           string.float_voltage_v == old.float_voltage_v && is_measured_the_same(&StringModel::current_a) &&
           is_measured_the_same(&StringModel::voltage_v) &&
           is_measured_the_same(&StringModel::ambient_temperature_c) &&
           std::ranges::equal(string.batteries, old.batteries, [&](BatteryIndex a, BatteryIndex b) {
               return is_same(model, model.batteries[position(a)], old_model,
                              old_model.batteries[position(b)]);
           });
}

}  // namespace

void Site::State::go_on(StringIndex string, const State& before, StringIndex old_string) {
    const StringModel& now = model->strings[position(string)];
    const StringModel& old = before.model->strings[position(old_string)];
    if (!is_same(*model, now, *before.model, old)) return;
    if (ageing.take_over(string, before.ageing, old_string)) {
        for (std::size_t i = 0; i < now.batteries.size(); ++i) {
            BatteryState& state = batteries.batteries()[position(now.batteries[i])];
            const BatteryState& old_state = before.batteries.batteries()[position(old.batteries[i])];
            state.soh_pct = old_state.soh_pct;
            state.rul_days = old_state.rul_days;
            state.rul_interval = old_state.rul_interval;
        }
    }
    rest_watch.take_over(string, before.rest_watch, old_string);
    battery_alerts.take_over(string, before.battery_alerts, old_string);
    ageing_alerts.take_over(string, before.ageing_alerts, old_string);
}

void Site::State::take_over(const State& before, Effects& effects) {
    for (std::size_t i = 0; i < model->strings.size(); ++i) {
        const auto old = std::ranges::find(before.model->strings, model->strings[i].id, &StringModel::id);
        if (old == before.model->strings.end()) continue;
        go_on(static_cast<StringIndex>(i), before,
              static_cast<StringIndex>(old - before.model->strings.begin()));
    }
    for (std::size_t i = 0; i < model->devices.size(); ++i) {
        const auto old = std::ranges::find(before.model->devices, model->devices[i].id, &DeviceModel::id);
        if (old == before.model->devices.end()) continue;
        const auto device = static_cast<DeviceIndex>(i);
        const auto old_device = static_cast<DeviceIndex>(old - before.model->devices.begin());
        if (!devices.take_over(device, before.devices, old_device, clock.moment())) continue;
        plant_alerts.take_over(device, before.plant_alerts, old_device);
        latest.take_over(device, before.latest.of(old_device));
        for (const auto& layout : model->devices[i].layouts) {
            apply(device, layout->first_slot, static_cast<std::uint32_t>(layout->points.size()));
        }
    }
    settle(effects);
}

void Site::take_over(const Site& before, Time now, Effects& effects) {
    state_->clock = before.state_->clock;
    state_->clock.advance(now);
    state_->restore(before.snapshot(), effects);
    state_->take_over(*before.state_, effects);
}

Snapshot Site::snapshot() const {
    const auto open = state_->alerts.open();
    const auto windows = state_->alerts.windows();
    std::vector<BatteryMemory> batteries;
    batteries.reserve(state_->model->batteries.size());
    for (std::size_t i = 0; i < state_->model->batteries.size(); ++i) {
        batteries.push_back(state_->memory_of(static_cast<BatteryIndex>(i)));
    }
    return {.open_alerts = {open.begin(), open.end()},
            .resolved_by_hand = state_->alerts.resolved_by_hand(),
            .windows = {windows.begin(), windows.end()},
            .batteries = std::move(batteries)};
}

std::vector<BatteryMemory> Site::memories(StringIndex string) const {
    std::vector<BatteryMemory> memories;
    for (const BatteryIndex battery : state_->model->strings[position(string)].batteries)
        memories.push_back(state_->memory_of(battery));
    return memories;
}

void Site::handle(const Event& event, Time now, Effects& effects) {
    state_->clock.advance(now);
    std::visit([&](const auto& what) { state_->on(what, effects); }, event);
}

const SiteModel& Site::model() const {
    return *state_->model;
}
std::span<const LatestValue> Site::latest(DeviceIndex device) const {
    return state_->latest.of(device);
}
std::span<const DeviceState> Site::devices() const {
    return state_->devices.states();
}
std::span<const BatteryState> Site::batteries() const {
    return std::as_const(state_->batteries).batteries();
}
std::span<const StringState> Site::strings() const {
    return std::as_const(state_->batteries).strings();
}
std::span<const UpsState> Site::upses() const {
    return std::as_const(state_->upses).states();
}
std::span<const Alert> Site::open_alerts() const {
    return state_->alerts.open();
}
std::span<const MaintenanceWindow> Site::windows() const {
    return state_->alerts.windows();
}

}  // namespace sitepower
