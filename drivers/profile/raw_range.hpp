// The numbers that a point's registers can hold: what a profile says of its values must be among them. Pure;
// used by the checks and where a command's value is made.
#pragma once

#include "drivers/modbus/register_map.hpp"

namespace sitepower {

struct RawRange {
    double lowest = 0;
    double highest = 0;

    bool holds(double value) const { return value >= lowest && value <= highest; }
    bool meets(double from, double to) const { return from <= highest && to >= lowest; }
};

// Bits of an integer that mask and shift leave.
int field_width(const modbus::RegisterPoint& point);
// Of the number behind mask and shift, before the scale; infinite for a datetime or a text.
RawRange raw_range(const modbus::RegisterPoint& point);
// Of the value that is published, whatever its scale factor's register holds.
RawRange value_range(const modbus::RegisterPoint& point);

}  // namespace sitepower
