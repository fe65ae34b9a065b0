// Decides when the loop may leave arriving readings for a moment and handle many at once: in a steady stream,
// waking a thread for each costs more than the work on it. The same idea as a network card's interrupt
// moderation. Pure; owned by the app, loop thread.
#pragma once

#include <chrono>
#include <cstddef>

namespace sitepower {

class WakeModeration {
  public:
    using Steady = std::chrono::steady_clock::time_point;

    static constexpr std::chrono::milliseconds pause{1};
    // So many wake-ups in a row, each within `pause` of the one before, are a stream: more than the handful
    // of buses that are polled at the same instant.
    static constexpr int stream = 12;

    // `readings` were taken from the inbox at `now`. True: leave it alone for `pause`.
    bool taken(std::size_t readings, Steady now) {
        if (pausing_) {
            pausing_ = readings > 1;
            streak_ = 0;
        } else {
            streak_ = now - last_ < pause ? streak_ + 1 : 0;
            pausing_ = streak_ >= stream;
        }
        last_ = now;
        return pausing_;
    }

  private:
    Steady last_{};
    int streak_ = 0;
    bool pausing_ = false;
};

}  // namespace sitepower
