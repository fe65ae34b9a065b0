// What the files say of devices that follow plans, as entries.hpp.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/dispatch/control/setpoint_control.hpp"
#include "daemon/control/settings.hpp"
#include "drivers/schema/diagnostic.hpp"

namespace sitepower::config {

struct ControlWriteEntry {
    std::string command;
    std::optional<double> value;
    schema::Origins origins;
};

struct CapEntry {
    Duration acknowledge_within = TopicActuator{}.acknowledge_within;
    double safe_cap_kw = 0;
    double deadband_kw = CappedClass{}.deadband_kw;
    Duration repeat = CappedClass{}.repeat;
    Duration effect_within = CappedClass{}.effect_within;
    schema::Origins origins;
};

struct ControlEntry : dispatch::ControlLimits {
    std::string device;
    std::vector<ControlWriteEntry> prepare;
    std::string setpoint;
    std::string keep_alive;
    std::string without_dead_man;
    std::string release;
    std::optional<double> release_value;
    std::string power;
    std::string meter;
    schema::Origins origins;
};

}  // namespace sitepower::config
