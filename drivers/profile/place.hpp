// Every point of a profile in its place: repeat groups unrolled, bit fields split into flags, each point with
// its registers, its poll group and what it depends on. Pure; from it a device is made (expand.hpp), and the
// checks of a whole profile, the samples and the simulation work on it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/time.hpp"
#include "drivers/modbus/register_map.hpp"
#include "drivers/profile/profile.hpp"

namespace sitepower {

// A point of a device.
struct DevicePoint {
    std::string name;          // "string1.jar7.voltage_v"
    std::string pattern;       // "string{s}.jar{j}.voltage_v"; the name itself outside repeat groups
    std::string alias;         // another name that finds it; may be empty
    std::vector<int> indices;  // {1, 7}, in the order of the group's repeats
    std::string unit;
    std::string label;
    std::string alarm;  // of a flag or state: "", "info", "warning", "critical"
    Duration max_age{0};
    std::vector<std::pair<std::string, std::string>> words;  // of an enum: value, meaning
    bool derived = false;  // worked out from others: has no registers of its own
    modbus::RegisterPoint registers;
};

// That a point exists only while `registers` decode to at least `minimum`.
struct Requirement {
    modbus::RegisterPoint registers;
    double minimum = 1;
};

// The same, as the profile names it: another point by its name.
struct NamedRequirement {
    std::string point;
    // Of a count: the number of the element. Of fill_rest: where the element ends, an address that is counted
    // from the register behind the point.
    double minimum = 1;
    bool is_end = false;
    const schema::Origins* origins = nullptr;  // where it stands
    std::string_view key;
};

struct PlacedPoint {
    DevicePoint point;
    std::string poll;
    std::optional<int> unit;               // unit id, where it is not the device's own
    bool hidden = false;                   // read only where another point needs it
    std::string element;                   // what stands before the name in the element, with its dot
    const ProfilePoint* source = nullptr;  // in the profile
    const ProfileBit* flag = nullptr;      // of the source, when the point is one of its flags
    const ProfileState* state = nullptr;   // or one of its states
    std::vector<Requirement> requirements;
    std::vector<NamedRequirement> named_requirements;  // those that name no point of the same unit
};

struct PlacedDerived {
    DevicePoint point;
    std::string poll;
    std::optional<int> unit;
    const ProfileDerived* source = nullptr;
    struct Operand {
        bool is_derived = false;
        std::size_t index = 0;  // in Placement::points, or in Placement::derived, before this one
    };
    std::vector<Operand> operands;
    std::vector<double> weights;       // by operand; empty: all 1
    std::vector<std::string> missing;  // names in `of` that stand for no point
};

// A text: never part of a frame.
struct PlacedText {
    DevicePoint point;
    std::optional<int> unit;
    const ProfilePoint* source = nullptr;
};

struct Placement {
    std::vector<PlacedPoint>
        points;  // by unit (the device's own first) and poll group, hidden ones last in it
    std::vector<PlacedDerived> derived;
    std::vector<PlacedText> texts;
    std::vector<PlacedPoint> mailbox;  // points of mailboxes; the address counts in its words
};

// The first stage of check_profile must have passed: each point possible by itself, each poll group known.
Placement place(const Profile& profile);

// The polled points only.
std::vector<PlacedPoint> place_points(const Profile& profile);

}  // namespace sitepower
