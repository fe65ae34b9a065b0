// The groups whose number of instances is decided, as configured: [[scaling]]. Plain values; immutable.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/dispatch/scaling/scaler.hpp"
#include "core/site/model.hpp"
#include "daemon/control/actuator.hpp"

namespace sitepower {

// Where a number comes from that is measured: a point, or "service/name" of an MQTT topic.
using NumberSource = std::variant<std::monostate, PointRef, std::string>;

struct ScaledMetric {
    std::string name;
    std::string series;  // empty: it is only measured
    NumberSource measured;
    double capacity_per_instance = 1;
};

struct ScalingGroup {
    dispatch::ScalingRules rules;  // rules.group is its id
    Duration lead_time{300'000};   // until a new instance carries load
    std::vector<ScaledMetric> metrics;
    NumberSource instances;  // none: advice only
    std::string load_class;  // whose award limits it; empty: none
    Actuator actuator;
};

struct ScalingSettings {
    std::vector<ScalingGroup> groups;
};

}  // namespace sitepower
