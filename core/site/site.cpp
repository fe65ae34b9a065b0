#include "core/site/site.hpp"

#include "core/site/engine.hpp"

namespace sitepower {

Site::State::State(std::shared_ptr<const SiteModel> the_model, SiteSettings the_settings)
    : model(std::move(the_model)),
      settings(std::move(the_settings)),
      wiring(*model),
      latest(*model),
      devices(*model, settings),
      batteries(model->batteries.size()),
      strings(model->strings.size()),
      upses(model->upses.size()) {
    for (std::size_t i = 0; i < batteries.size(); ++i) batteries[i].battery = static_cast<BatteryIndex>(i);
    for (std::size_t i = 0; i < strings.size(); ++i) strings[i].string = static_cast<StringIndex>(i);
    for (std::size_t i = 0; i < upses.size(); ++i) upses[i].ups = static_cast<UpsIndex>(i);
}

void Site::State::on(const FramePtr& frame, Effects& effects) {
    if (!frame || !devices.heard(*frame, clock.moment())) return;
    latest.store(frame->layout->device_index, *frame);
    devices.tell(clock.moment(), effects.devices);
}

void Site::State::on(const PollFailed& failure, Effects& effects) {
    devices.failed(failure, clock.moment());
    devices.tell(clock.moment(), effects.devices);
}

void Site::State::on(const Tick&, Effects& effects) {
    lost_points.clear();
    devices.tick(clock.moment(), lost_points);
    for (const LostPoints& lost : lost_points) lose(lost);
    devices.tell(clock.moment(), effects.devices);
}

void Site::State::on(const AcknowledgeAlert&, Effects&) {}
void Site::State::on(const ResolveAlert&, Effects&) {}
void Site::State::on(const StartMaintenance&, Effects&) {}
void Site::State::on(const EndMaintenance&, Effects&) {}
void Site::State::on(const SystemCondition&, Effects&) {}

void Site::State::lose(const LostPoints& lost) {
    latest.lose(lost.device, lost.first_slot, lost.count);
}

Site::Site(std::shared_ptr<const SiteModel> model, SiteSettings settings)
    : state_(std::make_unique<State>(std::move(model), std::move(settings))) {}
Site::~Site() = default;
Site::Site(Site&&) noexcept = default;
Site& Site::operator=(Site&&) noexcept = default;

void Site::restore(const Snapshot&, Time now, Effects&) {
    state_->clock.advance(now);
}

Snapshot Site::snapshot() const {
    return {};
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
    return state_->batteries;
}
std::span<const StringState> Site::strings() const {
    return state_->strings;
}
std::span<const UpsState> Site::upses() const {
    return state_->upses;
}
std::span<const Alert> Site::open_alerts() const {
    return state_->open_alerts;
}
std::span<const MaintenanceWindow> Site::windows() const {
    return state_->windows;
}

}  // namespace sitepower
