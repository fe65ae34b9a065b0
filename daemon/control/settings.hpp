// Which devices follow plans, and how, as configured: [dispatch.battery.control] and
// [dispatch.load_class.control]. Plain values; immutable.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/dispatch/control/setpoint_control.hpp"
#include "core/site/model.hpp"
#include "daemon/control/actuator.hpp"
#include "daemon/planner/settings.hpp"
#include "daemon/release/release_file.hpp"

namespace sitepower {

// A command of the device's profile, with its value where it takes one.
struct ControlOrder {
    std::string command;
    std::optional<double> value;
};

enum class ControlSubject : std::uint8_t { battery, load_class };

struct ControlledDevice {
    std::string id;  // of the battery or the load class
    ControlSubject subject = ControlSubject::battery;
    std::size_t index = 0;  // among those of the plan
    DeviceIndex device{};
    std::string device_id;
    dispatch::ControlLimits limits;
    std::vector<ControlOrder> prepare;  // in this order
    std::string setpoint;
    std::string keep_alive;  // empty: there is none
    ControlOrder release;
    MeasuredPower power;  // charging positive; of a class what it draws
    std::optional<PointRef> meter;
    ReleaseWrite release_write;
};

// A load class whose cap somebody takes over MQTT.
struct CappedClass {
    std::string id;
    std::size_t index = 0;  // among those of the plan
    TopicActuator actuator;
    double safe_cap_kw = 0;  // without a plan, and when nothing is heard any more
    double deadband_kw = 0.5;
    Duration repeat{60'000};         // it is said again, and holds for three times as long
    Duration effect_within{60'000};  // then it draws no more
    MeasuredPower power;
};

struct ControlSettings {
    std::vector<ControlledDevice> devices;
    std::vector<CappedClass> caps;  // not both are empty
};

}  // namespace sitepower
