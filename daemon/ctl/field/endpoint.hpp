// An endpoint as people type it: "tcp:10.0.0.7:502", "rtu:/dev/ttyUSB0:9600:8N1",
// "rtu_over_tcp:10.0.0.7:8080". Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "drivers/modbus/bus.hpp"

namespace sitepower::ctl {

// Port, speed and framing may be left out (502, 9600, 8N1). The error says what is expected.
Result<modbus::BusSettings> parse_endpoint(std::string_view text);

// "1-10,100,247" in ascending order without repeats; 0 to 247 and 255.
Result<std::vector<int>> parse_units(std::string_view text);

}  // namespace sitepower::ctl
