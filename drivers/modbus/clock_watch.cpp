#include "drivers/modbus/clock_watch.hpp"

#include <sys/timex.h>

namespace sitepower::modbus {

bool ClockWatch::is_synchronised(SteadyTime now) {
    if (now >= ask_again_at_) {
        timex state{};  // modes = 0: only asks
        const int clock = adjtimex(&state);
        synchronised_ = clock >= 0 && clock != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
        ask_again_at_ = now + std::chrono::minutes(1);
    }
    return synchronised_;
}

}  // namespace sitepower::modbus
