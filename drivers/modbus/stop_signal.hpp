// Tells a worker to end, and wakes it from whatever it waits for. request() from any thread; all else on the
// worker's.
#pragma once

#include <atomic>

#include "drivers/modbus/steady_time.hpp"

namespace sitepower::modbus {

enum class Ready : std::uint8_t { yes, timed_out, stopped };

class StopSignal {
  public:
    StopSignal();
    ~StopSignal();
    StopSignal(const StopSignal&) = delete;
    StopSignal& operator=(const StopSignal&) = delete;

    void request();
    bool requested() const { return requested_.load(std::memory_order_acquire); }

    // Sleeps until `when`; true when stopped before.
    bool wait_until(SteadyTime when) const;
    // Waits until `fd` has one of `events` (as for poll) or an error, `when` comes, or the stop is requested.
    Ready wait_for(int fd, short events, SteadyTime when) const;

  private:
    int fd_;
    std::atomic<bool> requested_ = false;
};

}  // namespace sitepower::modbus
