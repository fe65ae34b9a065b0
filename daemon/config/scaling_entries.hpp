// What the files say of groups that are scaled, as entries.hpp.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/dispatch/scaling/scaler.hpp"
#include "daemon/scaling/settings.hpp"
#include "drivers/schema/diagnostic.hpp"

namespace sitepower::config {

struct ScaledMetricEntry {
    std::string name;
    std::string series;
    std::string point;
    std::string metric;
    double capacity_per_instance = 1;
    schema::Origins origins;
};

struct ActuatorEntry {
    std::string device;
    std::string command;
    bool mqtt = false;
    Duration acknowledge_within = TopicActuator{}.acknowledge_within;
    schema::Origins origins;
};

struct ScalingEntry : dispatch::ScalingRules {
    Duration lead_time = ScalingGroup{}.lead_time;
    std::string instances_point;
    std::string instances_metric;
    std::string load_class;
    std::vector<ScaledMetricEntry> metrics;
    std::optional<ActuatorEntry> actuator;
    schema::Origins origins;
};

}  // namespace sitepower::config
