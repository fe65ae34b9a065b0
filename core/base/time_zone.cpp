#include "core/base/time_zone.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace sitepower {
namespace {

constexpr std::size_t header_bytes = 44;

Error refused(const char* why) {
    return {.code = ErrorCode::validation_error, .message = why, .detail = {}};
}

std::int64_t big_endian(std::span<const std::uint8_t> bytes) {
    std::uint64_t value = (bytes.front() & 0x80U) != 0 ? ~std::uint64_t{0} : 0;
    for (const auto byte : bytes) value = value << 8U | byte;
    return static_cast<std::int64_t>(value);
}

// The counts of a header, in the order of the file.
struct Counts {
    std::size_t utc, standard, leaps, times, types, characters;

    std::size_t block_bytes(std::size_t time_bytes) const {
        return times * (time_bytes + 1) + types * 6 + characters + leaps * (time_bytes + 4) + standard + utc;
    }
};

std::optional<Counts> read_header(std::span<const std::uint8_t> file) {
    if (file.size() < header_bytes || file[0] != 'T' || file[1] != 'Z' || file[2] != 'i' || file[3] != 'f' ||
        file[4] < '2') {
        return std::nullopt;
    }
    std::size_t counts[6];
    for (std::size_t i = 0; i < 6; ++i) {
        const auto count = big_endian(file.subspan(20 + 4 * i, 4));
        if (count < 0 || count > 100'000) return std::nullopt;
        counts[i] = static_cast<std::size_t>(count);
    }
    return Counts{counts[0], counts[1], counts[2], counts[3], counts[4], counts[5]};
}

}  // namespace

// Reads a POSIX TZ string: "CET-1CEST,M3.5.0,M10.5.0/3".
class TimeZone::RuleReader {
  public:
    explicit RuleReader(std::string_view text) : text_(text) {}

    std::optional<Rule> read() {
        Rule rule;
        int west_s = 0;
        if (!name() || !time_of_day(west_s)) return std::nullopt;
        rule.standard_s = -west_s;
        if (text_.empty()) return rule;
        if (!name()) return std::nullopt;
        rule.has_summer = true;
        rule.summer_s = rule.standard_s + 3600;
        if (!text_.empty() && text_.front() != ',') {
            if (!time_of_day(west_s)) return std::nullopt;
            rule.summer_s = -west_s;
        }
        if (!date(rule.begin) || !date(rule.end) || !text_.empty()) return std::nullopt;
        return rule;
    }

  private:
    bool take(char expected) {
        if (text_.empty() || text_.front() != expected) return false;
        text_.remove_prefix(1);
        return true;
    }
    // Letters, or anything between < and >.
    bool name() {
        if (take('<')) {
            const auto end = text_.find('>');
            if (end == std::string_view::npos) return false;
            text_.remove_prefix(end + 1);
            return true;
        }
        const auto letters =
            std::ranges::find_if_not(
                text_, [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }) -
            text_.begin();
        text_.remove_prefix(static_cast<std::size_t>(letters));
        return letters >= 3;
    }
    bool number(int& value, int most) {
        std::size_t digits = 0;
        value = 0;
        for (; digits < text_.size() && text_[digits] >= '0' && text_[digits] <= '9' && digits < 4;
             ++digits) {
            value = value * 10 + (text_[digits] - '0');
        }
        text_.remove_prefix(digits);
        return digits > 0 && value <= most;
    }
    // [+-]hh[:mm[:ss]] in seconds.
    bool time_of_day(int& seconds) {
        const int sign = take('-') ? -1 : 1;
        if (sign > 0) take('+');
        int hours = 0, minutes = 0, rest = 0;
        if (!number(hours, 167)) return false;
        if (take(':') && (!number(minutes, 59) || (take(':') && !number(rest, 59)))) return false;
        seconds = sign * (hours * 3600 + minutes * 60 + rest);
        return true;
    }
    bool date(YearlyDate& date) {
        using Kind = YearlyDate::Kind;
        if (!take(',')) return false;
        if (take('M')) {
            date.kind = Kind::month_week_day;
            if (!number(date.month, 12) || date.month < 1 || !take('.') || !number(date.week, 5) ||
                date.week < 1 || !take('.') || !number(date.day, 6)) {
                return false;
            }
        } else {
            date.kind = take('J') ? Kind::julian_without_leap : Kind::day_of_year;
            if (!number(date.day, 365) || (date.kind == Kind::julian_without_leap && date.day < 1))
                return false;
        }
        return !take('/') || time_of_day(date.at_s);
    }

    std::string_view text_;
};

Result<TimeZone> TimeZone::parse(std::span<const std::uint8_t> file) {
    const auto first = read_header(file);
    if (!first) return refused("no time zone file of version 2 or later");
    const auto skipped = header_bytes + first->block_bytes(4);
    if (file.size() < skipped) return refused("the time zone file is cut off");
    file = file.subspan(skipped);
    const auto counts = read_header(file);
    if (!counts || counts->types == 0 || file.size() < header_bytes + counts->block_bytes(8))
        return refused("the time zone file is cut off");
    auto rest = file.subspan(header_bytes);
    const auto times = rest.first(counts->times * 8);
    const auto types = rest.subspan(counts->times * 8, counts->times);
    const auto offsets = rest.subspan(counts->times * 9, counts->types * 6);
    TimeZone zone;
    zone.first_offset_s_ = static_cast<std::int32_t>(big_endian(offsets.first(4)));
    for (std::size_t i = 0; i < counts->times; ++i) {
        if (types[i] >= counts->types) return refused("the time zone file contradicts itself");
        const Transition next{
            .at_s = big_endian(times.subspan(8 * i, 8)),
            .offset_s = static_cast<std::int32_t>(big_endian(offsets.subspan(6U * types[i], 4)))};
        if (!zone.transitions_.empty() && next.at_s <= zone.transitions_.back().at_s)
            return refused("the times of the time zone file do not rise");
        zone.transitions_.push_back(next);
    }
    rest = rest.subspan(counts->block_bytes(8));
    // "\n<rule>\n"; an empty rule says nothing of the future.
    std::string_view footer(reinterpret_cast<const char*>(rest.data()), rest.size());
    if (footer.size() < 2 || footer.front() != '\n' || footer.find('\n', 1) == std::string_view::npos)
        return refused("the time zone file has no rule for the future");
    footer = footer.substr(1, footer.find('\n', 1) - 1);
    if (footer.empty()) return zone;
    zone.rule_ = RuleReader(footer).read();
    if (!zone.rule_) return refused("the rule for the future of the time zone file cannot be read");
    return zone;
}

// In seconds since 1970 UTC, while clocks show offset_s.
std::int64_t TimeZone::moment_of(const YearlyDate& date, int year, std::int32_t offset_s) {
    using namespace std::chrono;
    sys_days day;
    const sys_days new_year{std::chrono::year{year} / January / 1};
    switch (date.kind) {
        case YearlyDate::Kind::month_week_day: {
            const std::chrono::month month{static_cast<unsigned>(date.month)};
            const weekday wanted{static_cast<unsigned>(date.day)};
            day = date.week == 5
                      ? sys_days{std::chrono::year{year} / month / wanted[last]}
                      : sys_days{std::chrono::year{year} / month / wanted[static_cast<unsigned>(date.week)]};
            break;
        }
        case YearlyDate::Kind::julian_without_leap:
            // 29 February is never counted: J60 is always 1 March.
            day =
                new_year + days{date.day - 1 + (std::chrono::year{year}.is_leap() && date.day >= 60 ? 1 : 0)};
            break;
        case YearlyDate::Kind::day_of_year:
            day = new_year + days{date.day};
            break;
    }
    return duration_cast<seconds>(day.time_since_epoch()).count() + date.at_s - offset_s;
}

std::int32_t TimeZone::offset_by_rule(std::int64_t at_s) const {
    const auto& rule = *rule_;
    if (!rule.has_summer) return rule.standard_s;
    using namespace std::chrono;
    const auto local_day = floor<days>(sys_seconds{seconds{at_s + rule.standard_s}});
    const int year = static_cast<int>(year_month_day{local_day}.year());
    const auto begin = moment_of(rule.begin, year, rule.standard_s);
    const auto end = moment_of(rule.end, year, rule.summer_s);
    const bool summer = begin < end ? at_s >= begin && at_s < end : at_s >= begin || at_s < end;
    return summer ? rule.summer_s : rule.standard_s;
}

std::chrono::seconds TimeZone::offset(Time time) const {
    const auto at_s = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
    const auto next = std::ranges::upper_bound(transitions_, at_s, {}, &Transition::at_s);
    if (next == transitions_.end() && rule_) return std::chrono::seconds{offset_by_rule(at_s)};
    return std::chrono::seconds{next == transitions_.begin() ? first_offset_s_ : std::prev(next)->offset_s};
}

LocalTime TimeZone::local(Time time) const {
    const auto shifted = time + offset(time);
    const auto day = std::chrono::floor<std::chrono::days>(shifted);
    return {.date = std::chrono::year_month_day{day},
            .weekday = std::chrono::weekday{day},
            .since_midnight = std::chrono::floor<std::chrono::minutes>(shifted - day)};
}

}  // namespace sitepower
