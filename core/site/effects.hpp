// What the engine wants done, as plain values: carried out by daemon/executor (messages, rows), or looked at
// by a test. One Effects is reused from event to event; clear() keeps the memory.
#pragma once

#include <optional>
#include <vector>

#include "core/alert/alert.hpp"
#include "core/base/result.hpp"
#include "core/site/battery_memory.hpp"
#include "core/site/state.hpp"

namespace sitepower {

struct Effects {
    // States that changed enough to be told to others (not after each frame: see Site).
    std::vector<DeviceState> devices;
    std::vector<BatteryState> batteries;
    std::vector<StringState> strings;
    std::vector<UpsState> upses;
    std::vector<AlertChange> alerts;
    std::vector<MaintenanceWindow> windows_started;
    std::vector<MaintenanceWindow> windows_ended;
    std::vector<BatteryReplaced> batteries_replaced;
    std::optional<Error> refusal;  // of a request; nothing else is set then

    void clear();
    bool empty() const;
};

}  // namespace sitepower
