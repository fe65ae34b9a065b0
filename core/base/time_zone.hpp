// A time zone as the tz database describes it: from UTC to what clocks on a wall show, summer time included.
// Parsed from the bytes of a TZif file (RFC 8536); whoever reads the file is elsewhere. Immutable, any
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/time.hpp"

namespace sitepower {

// What a clock on the wall shows.
struct LocalTime {
    std::chrono::year_month_day date;
    std::chrono::weekday weekday;
    std::chrono::minutes since_midnight{};  // whole minutes, by the clock's face: 02:30 is 150
};

class TimeZone {
  public:
    TimeZone() = default;  // UTC

    // Error `validation_error` for bytes that are no TZif file of version 2 or later, or whose rule for the
    // future cannot be understood.
    static Result<TimeZone> parse(std::span<const std::uint8_t> file);

    std::chrono::seconds offset(Time time) const;  // east of UTC
    LocalTime local(Time time) const;

  private:
    struct Transition {
        std::int64_t at_s;  // since 1970, UTC
        std::int32_t offset_s;
    };
    // "M3.5.0/2": the fifth (last) Sunday of March at 2 o'clock; or a day of the year.
    struct YearlyDate {
        enum class Kind : std::uint8_t { month_week_day, julian_without_leap, day_of_year };
        Kind kind = Kind::month_week_day;
        int month = 1, week = 1, day = 0;
        int at_s = 7200;  // local, may be negative or beyond a day
    };
    // What holds after the last transition: a POSIX TZ string.
    struct Rule {
        std::int32_t standard_s = 0;
        std::int32_t summer_s = 0;
        bool has_summer = false;
        YearlyDate begin, end;  // of summer time
    };
    class RuleReader;

    static std::int64_t moment_of(const YearlyDate& date, int year, std::int32_t offset_s);
    std::int32_t offset_by_rule(std::int64_t at_s) const;

    std::int32_t first_offset_s_ = 0;
    std::vector<Transition> transitions_;  // rising
    std::optional<Rule> rule_;
};

}  // namespace sitepower
