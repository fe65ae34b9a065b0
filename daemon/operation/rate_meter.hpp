// Counts how often something happened in the last minute, in fixed memory: one counter per second. Loop
// thread.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

namespace sitepower {

class RateMeter {
  public:
    using Moment = std::chrono::steady_clock::time_point;

    void count(Moment now) {
        auto& second = seconds_[slot(now)];
        if (second.number != number(now)) second = {number(now), 0};
        ++second.events;
    }

    std::uint64_t last_minute(Moment now) const {
        std::uint64_t events = 0;
        for (const auto& second : seconds_) {
            if (second.number > number(now) - span && second.number <= number(now)) events += second.events;
        }
        return events;
    }

  private:
    static constexpr std::int64_t span = 60;
    struct Second {
        std::int64_t number = -span;
        std::uint64_t events = 0;
    };

    static std::int64_t number(Moment now) {
        return std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
    }
    static std::size_t slot(Moment now) { return static_cast<std::size_t>(number(now) % span); }

    std::array<Second, static_cast<std::size_t>(span)> seconds_;
};

}  // namespace sitepower
