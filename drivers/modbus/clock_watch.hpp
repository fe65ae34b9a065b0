// Whether the system clock is synchronised, as the kernel knows from the time daemon. Asked at most once a
// minute. Owned by a bus's worker.
#pragma once

#include "drivers/modbus/steady_time.hpp"

namespace sitepower::modbus {

class ClockWatch {
  public:
    bool is_synchronised(SteadyTime now);

  private:
    SteadyTime ask_again_at_{};
    bool synchronised_ = false;
};

}  // namespace sitepower::modbus
