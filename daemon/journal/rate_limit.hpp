// At most 50 lines of one kind in 30 seconds; what is left out is counted and told with the next line that
// passes. Plain value, time comes in; guarded by the journal.
#pragma once

#include <chrono>
#include <cstdint>
#include <utility>

namespace sitepower::journal {

class RateLimit {
  public:
    using TimePoint = std::chrono::steady_clock::time_point;

    static constexpr std::uint32_t burst = 50;
    static constexpr std::chrono::seconds interval{30};

    struct Verdict {
        bool allowed = true;
        std::uint64_t suppressed = 0;  // since the last line that passed
    };

    Verdict ask(TimePoint now) {
        if (count_ == 0 || now - window_start_ >= interval) {
            window_start_ = now;
            count_ = 0;
        }
        if (count_ >= burst) {
            ++suppressed_;
            return {.allowed = false};
        }
        ++count_;
        return {.allowed = true, .suppressed = std::exchange(suppressed_, 0)};
    }

  private:
    TimePoint window_start_{};
    std::uint32_t count_ = 0;
    std::uint64_t suppressed_ = 0;
};

}  // namespace sitepower::journal
