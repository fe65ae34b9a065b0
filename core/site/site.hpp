// The engine: the only owner of the site's live state. handle(event, now) changes the state and says what is
// to be done about it. Deterministic, no I/O, no clock; lives on the loop thread.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "core/alert/alert.hpp"
#include "core/site/battery_memory.hpp"
#include "core/site/effects.hpp"
#include "core/site/event.hpp"
#include "core/site/latest_values.hpp"
#include "core/site/model.hpp"
#include "core/site/settings.hpp"
#include "core/site/state.hpp"

namespace sitepower {

struct Snapshot {
    std::vector<Alert> open_alerts;
    // Resolved by hand while their condition held: they stay quiet until it has cleared once.
    std::vector<Alert> resolved_by_hand;
    std::vector<MaintenanceWindow> windows;
    std::vector<BatteryMemory> batteries;
};

class Site {
  public:
    Site(std::shared_ptr<const SiteModel> model, SiteSettings settings);
    ~Site();
    Site(Site&&) noexcept;
    Site& operator=(Site&&) noexcept;

    // Takes back what snapshot() gave before a restart; parts that no longer exist are dropped,
    // an open alert of a vanished subject is resolved (by "configuration").
    void restore(const Snapshot& snapshot, Time now, Effects& effects);
    Snapshot snapshot() const;
    // Of snapshot(), those of one string.
    std::vector<BatteryMemory> memories(StringIndex string) const;
    // Of a reload, instead of restore(): what snapshot() gives of `before`, and what it does not. Devices of
    // the same id and points go on as they stood, with what they measured last, instead of being unknown
    // until their next frame; of strings that did not change, so do the delays of alerts and what is watched
    // over hours. Who changed begins anew.
    void take_over(const Site& before, Time now, Effects& effects);

    // Adds to `effects` what follows from the event. `now` is the wall clock and may be stepped either way;
    // a Tick is due every second, and a silence of more than 30 s counts as a stepped clock, not as silent
    // devices. A frame whose layout is not of this model, or that is not newer than the last one of its
    // layout, changes nothing.
    void handle(const Event& event, Time now, Effects& effects);

    const SiteModel& model() const;
    std::span<const LatestValue> latest(DeviceIndex device) const;  // by slot
    std::span<const DeviceState> devices() const;                   // by DeviceIndex
    std::span<const BatteryState> batteries() const;  // by BatteryIndex; present, not only as told
    std::span<const StringState> strings() const;
    std::span<const UpsState> upses() const;
    std::span<const Alert> open_alerts() const;  // held ones included
    std::span<const MaintenanceWindow> windows() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace sitepower
