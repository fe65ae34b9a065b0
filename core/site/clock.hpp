// Turns the wall time that arrives with each event into times that can be trusted: wall clocks are stepped by
// NTP, boxes without a battery-backed clock start in the past, and a process may be suspended. Owned by Site.
#pragma once

#include <cstdint>

#include "core/base/time.hpp"

namespace sitepower {

// The present, as one event sees it.
struct Moment {
    Time wall{};
    Time steady{};   // never runs backward, leaps left out: for staleness and the delays of alerts
    Time elapsed{};  // never runs backward, leaps included: for what is counted over time
    std::uint32_t steps_back = 0;  // how often the wall clock has been set back so far
};

class Clock {
  public:
    // Ticks are due every second. A longer silence than this is a leap: the clock was set, or the process did
    // not run. Nothing could be heard in it, so nobody is blamed for having been silent.
    static constexpr Duration longest_step{30'000};
    static constexpr Duration leap_counts_as{1'000};

    const Moment& advance(Time now);
    const Moment& moment() const { return moment_; }
    bool started() const { return started_; }

  private:
    Moment moment_;
    bool started_ = false;
};

// How long before `moment` something was stamped `time`: 0 for stamps of the future, and no more than what
// can wait in a queue, since anything beyond is the mark of a stepped clock.
Duration plausible_age(const Moment& moment, Time time);

}  // namespace sitepower
