// What remains to be done once all registers of a poll group are decoded: points that the device says it does
// not have become absent, derived values are worked out, hidden points go. Pure; used on the bus's thread,
// and where samples are checked.
#pragma once

#include <vector>

#include "core/base/quality.hpp"
#include "drivers/modbus/register_map.hpp"

namespace sitepower::modbus {

// values and quality: one per point of the group, hidden ones included, as decoded. Afterwards: one per point
// of its layout.
void complete(const PollGroup& group, std::vector<double>& values, std::vector<Quality>& quality);

}  // namespace sitepower::modbus
