// What the engine wants done, as plain values: carried out by daemon/executor (messages, rows), or looked at
// by a test. One Effects is reused from event to event; clear() keeps the memory.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/alert/alert.hpp"
#include "core/base/result.hpp"
#include "core/battery/soh/evidence.hpp"
#include "core/site/battery_memory.hpp"
#include "core/site/state.hpp"

namespace sitepower {

// A capacity test: told by somebody, or measured.
struct CapacityReport {
    BatteryIndex battery{};
    CapacityTest test;
    Duration lasted{};      // zero: not told
    double health_pct = 0;  // at 25 C, of the rated capacity
    bool passed = false;    // at or above the end of life (eol_soh_pct)
    // Why it did not enter as evidence; the health is then at least so much, and not passed is not failed.
    std::string_view flaw{};
    std::string who;
};

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
    std::vector<CapacityReport> capacity_tests;
    std::optional<Error> refusal;  // of a request; nothing else is set then

    void clear();
    bool empty() const;
};

}  // namespace sitepower
