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

void Site::State::take_over(const State& before, Effects& effects) {
    for (std::size_t i = 0; i < model->devices.size(); ++i) {
        const auto old = std::ranges::find(before.model->devices, model->devices[i].id, &DeviceModel::id);
        if (old == before.model->devices.end()) continue;
        const auto device = static_cast<DeviceIndex>(i);
        const auto old_device = static_cast<DeviceIndex>(old - before.model->devices.begin());
        if (!devices.take_over(device, before.devices, old_device, clock.moment(), before.clock.moment()))
            continue;
        latest.take_over(device, before.latest.of(old_device));
        for (const auto& layout : model->devices[i].layouts) {
            apply(device, layout->first_slot, static_cast<std::uint32_t>(layout->points.size()));
        }
    }
    settle(effects);
}

void Site::take_over(const Site& before, Time now, Effects& effects) {
    state_->clock.advance(now);
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
