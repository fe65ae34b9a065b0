// What carries a number out that was decided on: a command of a device, or a command over MQTT that somebody
// acknowledges. As configured; plain values.
#pragma once

#include <string>
#include <variant>

#include "core/base/time.hpp"
#include "core/site/model.hpp"

namespace sitepower {

// Nobody: it is advice.
struct AdviceOnly {};

// A command of the device's profile that takes a value.
struct DeviceActuator {
    DeviceIndex device{};
    std::string device_id;
    std::string command;
};

// Published on command/<topic>; answered on command/<topic>/ack.
struct TopicActuator {
    std::string topic;  // "scaling/inference"
    Duration acknowledge_within{30'000};
};

using Actuator = std::variant<AdviceOnly, DeviceActuator, TopicActuator>;

}  // namespace sitepower
