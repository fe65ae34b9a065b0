// Tables with one row per interval and member: roll-ups (member = stream) and states of batteries (member =
// word). The key is interval * 2^20 + member, so that writing appends, a member's row of an interval is found
// by its number, and retention deletes a range.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/time.hpp"
#include "daemon/store/sqlite.hpp"

namespace sitepower {

inline constexpr auto minute_length = std::chrono::minutes(1);
inline constexpr auto quarter_length = std::chrono::minutes(15);

// Since 1970; rounds down, also before.
inline std::int64_t interval_of(Time time, Duration length) {
    const auto since_1970 = time.time_since_epoch();
    return since_1970 / length - (since_1970 % length < Duration::zero() ? 1 : 0);
}
inline Time start_of(std::int64_t interval, Duration length) {
    return Time{interval * length};
}

struct IntervalKey {
    std::int64_t interval = 0;
    std::int64_t member = 0;  // 0 to 2^20 - 1

    static constexpr int member_bits = 20;
    std::int64_t number() const { return interval * (std::int64_t{1} << member_bits) + member; }
    static IntervalKey from(std::int64_t number) {
        return {number >> member_bits, number & ((std::int64_t{1} << member_bits) - 1)};
    }
};

enum class Order : std::uint8_t { oldest_first, newest_first };

// Walks through the rows of a few members in the order of intervals, without reading those of the others.
class IntervalWalk {
  public:
    // Intervals from `first` up to and without `end`.
    IntervalWalk(sqlite::Database& database, std::string_view table, std::vector<std::int64_t> members,
                 std::int64_t first, std::int64_t end, Order order)
        : row_(database, "SELECT key, body FROM " + std::string(table) +
                             (order == Order::oldest_first ? " WHERE key >= ? ORDER BY key LIMIT 1"
                                                           : " WHERE key <= ? ORDER BY key DESC LIMIT 1")),
          members_(std::move(members)),
          interval_(order == Order::oldest_first ? first : end - 1),
          first_(first),
          end_(end),
          step_(order == Order::oldest_first ? 1 : -1) {
        std::ranges::sort(members_);
        if (order == Order::newest_first) std::ranges::reverse(members_);
    }

    // Looks at one place. True: a row is there, valid until the next call.
    bool step();
    std::int64_t interval() const { return interval_; }  // of the next step
    bool at_end() const { return interval_ < first_ || interval_ >= end_ || members_.empty(); }
    IntervalKey key() const { return IntervalKey::from(row_.integer(0)); }
    std::span<const std::uint8_t> body() const { return row_.blob(1); }
    // Lets go of the database between two slices.
    void pause() { row_.finish(); }

  private:
    sqlite::Statement row_;
    std::vector<std::int64_t> members_;
    std::int64_t interval_;
    std::int64_t first_;
    std::int64_t end_;
    std::int64_t step_;  // from one interval to the next
    std::size_t next_member_ = 0;
};

inline bool IntervalWalk::step() {
    const IntervalKey wanted{interval_, members_[next_member_]};
    if (!row_.query(wanted.number())) {
        interval_ = end_;
        return false;
    }
    const bool found = row_.integer(0) == wanted.number();
    if (!found && key().interval != interval_) {
        interval_ = key().interval;
        next_member_ = 0;
    } else if (++next_member_ == members_.size()) {
        next_member_ = 0;
        interval_ += step_;
    }
    return found;
}

}  // namespace sitepower
