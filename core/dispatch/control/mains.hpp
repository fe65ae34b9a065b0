// Whether there are mains, and for how long again: nothing is set anywhere while they are gone. Pure; whoever
// writes owns one; one thread. Times are of a clock that only goes forward.
#pragma once

#include <cstdint>
#include <optional>

#include "core/base/time.hpp"

namespace sitepower::dispatch {

enum class Mains : std::uint8_t { present, failed, unknown };

class MainsWatch {
  public:
    // So long may it be unknown whether there are any; then that counts as there being none. Who stops
    // telling in an outage has not said that it is over.
    static constexpr Duration patience{30'000};

    // Due every second. Whether they count as gone.
    bool update(Mains mains, Duration now);
    bool are_out() const { return are_out_; }
    // They came back less than `delay` ago.
    bool are_returning(Duration delay, Duration now) const { return back_at_ && now - *back_at_ < delay; }

  private:
    bool are_out_ = false;
    std::optional<Duration> unknown_since_;
    std::optional<Duration> back_at_;
};

}  // namespace sitepower::dispatch
