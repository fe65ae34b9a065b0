// How much a battery has been used, in full equivalent cycles (discharged Ah over rated Ah), and how fast it
// goes on: what turns a life in cycles into days. Owned with its battery, loop thread.
#pragma once

#include "core/base/time.hpp"

namespace sitepower {

class CycleAge {
  public:
    struct Memory {
        double seen_days = 0;
        double cycles = 0;  // within them
        double recent_days = 0;
        double recent_cycles = 0;
    };

    // The use to come is taken to be like that of about so many days, the latest counting most.
    static constexpr double recent_memory_days = 365;

    // Ignored unless time passed and the charge is finite and not negative.
    void add(Duration elapsed, double discharged_ah, double rated_ah);

    const Memory& memory() const { return memory_; }
    double cycles() const { return memory_.cycles; }
    // 0 before anything was seen.
    double cycles_per_day() const;
    // A memory with anything that is not finite or negative is not taken over.
    void restore(const Memory& memory);

  private:
    Memory memory_;
};

}  // namespace sitepower
