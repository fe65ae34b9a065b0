// What was imported so far in the running interval that a demand charge is billed by, and what its rest may
// still draw. Pure; whoever controls owns it; one thread.
#pragma once

#include <optional>

#include "core/base/time.hpp"

namespace sitepower::dispatch {

class BillingInterval {
  public:
    static constexpr Duration length{900'000};
    // Nothing is made up for faster than within this: the last seconds would ask for anything.
    static constexpr Duration least_rest{60'000};
    // Time between two notes that is longer was not seen.
    static constexpr Duration longest_gap{5'000};

    // Due every second. `import_kw`: at present; empty: not known.
    void note(std::optional<double> import_kw, Time now);
    // The import at which the mean of the interval comes to `peak_kw`; never negative. Time that was not seen
    // counts as spent at the peak.
    double most_kw(double peak_kw, Time now) const;

  private:
    static Time begin_of(Time time) { return Time{time.time_since_epoch() / length * length}; }

    std::optional<Time> noted_;
    std::optional<double> noted_kw_;
    double imported_kwh_ = 0;
    double seen_h_ = 0;
};

}  // namespace sitepower::dispatch
