// A rate with a bounded burst. Owned by whoever limits something; one thread.
#pragma once

#include <algorithm>
#include <chrono>

#include "daemon/publish/clock.hpp"

namespace sitepower {

class TokenBucket {
  public:
    // Starts full. per_second and burst: above 0.
    TokenBucket(double per_second, double burst, Steady now)
        : per_second_(per_second), burst_(burst), tokens_(burst), filled_(now) {}

    // Takes one token if there is one.
    bool take(Steady now) {
        fill(now);
        if (tokens_ < 1) return false;
        tokens_ -= 1;
        return true;
    }

    // When the next token will be there; not later than `now` when one is.
    Steady next(Steady now) {
        fill(now);
        if (tokens_ >= 1) return now;
        const std::chrono::duration<double> wait((1 - tokens_) / per_second_);
        return now + std::chrono::ceil<std::chrono::milliseconds>(wait);
    }

  private:
    void fill(Steady now) {
        const std::chrono::duration<double> passed = now - filled_;
        tokens_ = std::min(burst_, tokens_ + passed.count() * per_second_);
        filled_ = now;
    }

    double per_second_;
    double burst_;
    double tokens_;
    Steady filled_;
};

}  // namespace sitepower
