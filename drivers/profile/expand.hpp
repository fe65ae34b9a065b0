// From a profile to one device: what is polled and how, by unit and poll group, and the points in slot order.
// Pure; called by daemon/config for each configured device, by the checker, and by the simulator.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/base/identifier.hpp"
#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "drivers/modbus/register_map.hpp"
#include "drivers/profile/place.hpp"
#include "drivers/profile/profile.hpp"

namespace sitepower {

struct ExpandedDevice {
    modbus::UnitPlan plan;  // the groups' layouts cover `points` in order, those of sub_units after them
    std::vector<modbus::UnitPlan> sub_units;  // groups with a unit id of their own; the same device
    std::vector<DevicePoint> points;          // a point's position is its slot
    std::vector<PlacedText> texts;            // not polled; for identification
};

// What the site configuration says about one device.
struct DeviceOptions {
    DeviceIndex device{};
    std::string device_id;
    int unit = 1;
    std::vector<std::pair<std::string, Duration>> periods;  // poll groups with another period
    bool mailboxes = false;                                 // they are polled, which writes
};

// How long a value of a group that is polled every `period` may stay good when no other comes: one and a half
// periods, at least a second (core/site/device_watch.hpp); and the longest period for which that is
// `max_age`.
Duration longest_good(Duration period);
Duration longest_period(Duration max_age);

// The profile must have passed check_profile. Fails only for a poll group that the profile does not have, and
// for a period below a point's min_interval or too long for its max_age.
Result<ExpandedDevice> expand(const Profile& profile, const DeviceOptions& options);

}  // namespace sitepower
