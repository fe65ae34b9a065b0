// The inverse of drivers/modbus/decode: writes a value into the registers so that decoding gives it back, to
// the resolution of the registers. Pure; used by the simulation.
#pragma once

#include <optional>

#include "drivers/modbus/register_map.hpp"
#include "drivers/sim/register_bank.hpp"

namespace sitepower::sim {

// nullopt writes the point's first sentinel (a NaN into a float); a point without any must be given a value.
// A value beyond what the registers can say is saturated, and stays clear of the sentinels. Bits of the
// register that belong to other points are kept. `exponent` goes into the scale factor
// register, if any; where that has a map it chooses the entry. A text is not written.
void encode(const modbus::RegisterPoint& point, std::optional<double> value, int exponent,
            RegisterBank& bank);

// Makes the registers of the point exist, its scale factor included.
void define(const modbus::RegisterPoint& point, RegisterBank& bank);

// The largest error of decode(encode(value)) for a value that the registers can say.
double resolution(const modbus::RegisterPoint& point, double value, int exponent);

}  // namespace sitepower::sim
