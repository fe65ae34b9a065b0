// What the simulated devices measure: for each point of their profiles, where in the plant its value comes
// from. A point that is missing here stops the simulation at its start.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "drivers/sim/plant.hpp"

namespace sitepower::sim {

// `indices`: the numbers of the repeat group, from 1. `meter`: which of the plant's meters, from 0.
// nullopt: the device does not know the value now.
using Measure = std::optional<double> (*)(const Plant& plant, std::span<const int> indices, int meter);

// `pattern` as in DevicePoint. nullptr when the simulated device of that profile has no such point.
Measure find_measure(std::string_view profile, std::string_view pattern);

}  // namespace sitepower::sim
