// Waits that double from a minimum to a cap, with jitter, so that many boxes that lost the same peer do not
// come back in step. Pure: the randomness is a seeded generator. Used on a bus's thread.
#pragma once

#include <random>

#include "drivers/modbus/steady_time.hpp"

namespace sitepower::modbus {

class Backoff {
  public:
    Backoff(SteadySpan minimum, SteadySpan maximum, std::uint64_t seed);

    // The next wait: between 75 and 100 % of minimum, 2 * minimum, 4 * minimum, ... maximum.
    SteadySpan next();
    void reset() { step_ = minimum_; }

  private:
    SteadySpan minimum_;
    SteadySpan maximum_;
    SteadySpan step_;
    std::minstd_rand random_;
};

}  // namespace sitepower::modbus
