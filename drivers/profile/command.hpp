// The commands of one device: what its profile says of each, resolved to its registers, and the order to its
// bus that comes of a command and a value. Pure; made when a configuration is loaded, immutable afterwards.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "drivers/modbus/write.hpp"
#include "drivers/profile/profile.hpp"

namespace sitepower {

// A value that a command sets.
struct CommandValue {
    PointType type = PointType::u16;  // u16, s16, u32, s32, f32 or boolean
    modbus::Order word_order = modbus::Order::big;
    double scale = 1;   // raw = value / scale
    double lowest = 0;  // what may be set, both included
    double highest = 0;
    double tolerance = 0;  // how far the point that shows it may be off
};

struct DeviceCommand {
    std::string name;
    std::string label;                  // for people; may be empty
    std::string unit;                   // of the value, and of the point that shows the effect
    std::string verify;                 // that point; empty: there is none
    std::optional<CommandValue> value;  // empty: the words are fixed
    Duration dead_man{0};               // of a keep-alive; 0: it is none
    // All but the words of a value and what the point then shows; id and device are those of who orders.
    modbus::WriteOrder order;
};

// `unit`: of the device. The profile must have passed check_profile.
std::vector<DeviceCommand> commands_of(const Profile& profile, int unit);

struct OrderedCommand {
    modbus::WriteOrder order;
    std::optional<double> written;  // the value that the device can hold, nearest to what was asked for
};

// VALIDATION_ERROR when a value is missing, not taken, or out of range.
Result<OrderedCommand> order_of(const DeviceCommand& command, std::optional<double> value);

}  // namespace sitepower
