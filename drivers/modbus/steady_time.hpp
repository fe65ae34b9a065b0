// The clock of periods, time-outs and waits. Only the bus worker and the links read it; everything else gets
// it as an argument.
#pragma once

#include <chrono>

namespace sitepower::modbus {

using SteadyTime = std::chrono::steady_clock::time_point;
using SteadySpan = std::chrono::steady_clock::duration;

inline SteadyTime steady_now() {
    return std::chrono::steady_clock::now();
}

}  // namespace sitepower::modbus
