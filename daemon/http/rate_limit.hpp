// How many requests one user may make: a bucket per user that fills at a steady rate. A program that asks in
// a tight loop slows down itself and nobody else. Loop thread.
#pragma once

#include <sys/types.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <vector>

namespace sitepower {

class RateLimit {
  public:
    using Moment = std::chrono::steady_clock::time_point;

    // `burst` requests at once, `per_second` for ever.
    RateLimit(double per_second, double burst) : per_second_(per_second), burst_(burst) {}

    // False: too many.
    bool take(uid_t uid, Moment now) {
        auto& bucket = find(uid, now);
        const std::chrono::duration<double> passed = now - bucket.filled_at;
        bucket.tokens = std::min(burst_, bucket.tokens + per_second_ * passed.count());
        bucket.filled_at = now;
        if (bucket.tokens < 1) return false;
        bucket.tokens -= 1;
        return true;
    }

    std::size_t users() const { return buckets_.size(); }

    static constexpr std::size_t most_users = 64;  // then the one that was idle longest is forgotten

  private:
    struct Bucket {
        uid_t uid = 0;
        double tokens = 0;
        Moment filled_at{};
    };

    Bucket& find(uid_t uid, Moment now) {
        const auto known = std::ranges::find(buckets_, uid, &Bucket::uid);
        if (known != buckets_.end()) return *known;
        const Bucket fresh{uid, burst_, now};
        if (buckets_.size() < most_users) return buckets_.emplace_back(fresh);
        return *std::ranges::min_element(buckets_, {}, &Bucket::filled_at) = fresh;
    }

    double per_second_;
    double burst_;
    std::vector<Bucket> buckets_;
};

}  // namespace sitepower
