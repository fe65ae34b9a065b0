// Points in time and spans of time, in one type each for the whole tree.
// Values only: nothing here reads a clock. Time enters every function of core as an argument.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace sitepower {

using Duration = std::chrono::milliseconds;
using Time = std::chrono::sys_time<Duration>;  // UTC

inline constexpr Duration one_hour = std::chrono::hours{1};
inline constexpr Duration one_day = std::chrono::hours{24};

inline constexpr std::int64_t to_ms(Time time) {
    return time.time_since_epoch().count();
}
// The latest multiple of `step`, counted from 1970, that is not after `time`; step > 0.
inline constexpr Time floor_to(Time time, Duration step) {
    const auto past = time.time_since_epoch() % step;
    return time - past - (past < Duration::zero() ? step : Duration::zero());
}

inline constexpr Time from_ms(std::int64_t ms) {
    return Time{Duration{ms}};
}

// ISO 8601 in UTC with milliseconds, "2026-11-22T06:14:28.123Z".
std::string format_time(Time time);

// Reads what format_time writes; seconds may carry 0 to 9 decimals (rounded down to milliseconds), the zone
// may be "Z" or "+hh:mm", and a bare date is midnight. nullopt for anything else.
std::optional<Time> parse_time(std::string_view text);

}  // namespace sitepower
