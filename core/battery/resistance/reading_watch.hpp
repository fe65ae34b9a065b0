// Which of the resistances that a monitor is polled for are measurements of their own, and on float. A
// monitor measures them hourly to monthly, and gives the last one meanwhile. Owned by the engine, one per
// battery.
#pragma once

#include <optional>

#include "core/base/time.hpp"

namespace sitepower {

class ReadingWatch {
  public:
    // The same value again is another measurement after so long only; one that changes is none within the
    // first (engineering defaults).
    static constexpr Duration repeats_after = std::chrono::hours(24);
    static constexpr Duration interval{60'000};

    // True for another measurement on float.
    bool take(double ohm, bool on_float, Time elapsed) {
        if (!ohm_ && !on_float) return false;  // after a start nobody knows when that was measured
        const bool is_due = !ohm_ || elapsed - seen_at_ >= (ohm == *ohm_ ? repeats_after : interval);
        const bool was_discharged = !on_float && ohm_ && ohm != *ohm_;
        if (!is_due && !was_discharged) return false;
        ohm_ = ohm;
        on_float_ = on_float;
        seen_at_ = elapsed;
        return on_float;
    }
    // Whether the battery was on float when the present value was first seen.
    bool is_of_float() const { return on_float_; }

  private:
    std::optional<double> ohm_;
    Time seen_at_{};  // elapsed
    bool on_float_ = false;
};

}  // namespace sitepower
