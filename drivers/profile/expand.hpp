// From a profile to one device: repeat groups unrolled, defaults filled in, bit fields split into flags, each
// point given a slot and a place in a poll group. Pure; called by daemon/config for each configured device,
// by the checker, and by the simulator.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/base/identifier.hpp"
#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "drivers/modbus/register_map.hpp"
#include "drivers/profile/profile.hpp"

namespace sitepower {

// A point of a device. Its position in ExpandedDevice::points is its slot.
struct DevicePoint {
    std::string name;          // "string1.jar7.voltage_v"
    std::string pattern;       // "string{s}.jar{j}.voltage_v"; the name itself outside repeat groups
    std::vector<int> indices;  // {1, 7}, in the order of the group's repeats
    std::string unit;
    std::string label;
    std::string alarm;  // of a flag: "", "info", "warning", "critical"
    Duration max_age{0};
    std::vector<std::pair<std::string, std::string>> words;  // of an enum: value, meaning
    modbus::RegisterPoint registers;
};

struct ExpandedDevice {
    modbus::UnitPlan plan;  // the groups' layouts cover `points` in order
    std::vector<DevicePoint> points;
};

// What the site configuration says about one device.
struct DeviceOptions {
    DeviceIndex device{};
    std::string device_id;
    int unit = 1;
    std::vector<std::pair<std::string, Duration>> periods;  // poll groups with another period
};

// The profile must have passed check_profile. Fails only for a poll group that the profile does not have.
Result<ExpandedDevice> expand(const Profile& profile, const DeviceOptions& options);

// The points of the profile in slot order, with the poll group that each belongs to. The first stage of
// check_profile must have passed: each point possible by itself, each poll group known.
struct PlacedPoint {
    DevicePoint point;
    std::string poll;
    const ProfilePoint* source = nullptr;  // in the profile
    const ProfileBit* flag = nullptr;      // of the source, when the point is one of its flags
};
std::vector<PlacedPoint> place_points(const Profile& profile);

// How many 16-bit registers a value of this type covers; 0 for a string (its length says).
int registers_of(PointType type);

}  // namespace sitepower
