#include "daemon/config/quarters.hpp"

#include <algorithm>
#include <array>
#include <chrono>

namespace sitepower::config {
namespace {

constexpr std::array<std::string_view, 7> weekday_names{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

std::chrono::minutes time_of_day(const std::string& text) {
    return std::chrono::minutes{60 * std::stoi(text.substr(0, 2)) + std::stoi(text.substr(3, 2))};
}

}  // namespace

bool is_quarter(std::string_view text) {
    const auto digit = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '9'; };
    if (text.size() != 5 || text[2] != ':' || !digit(0) || !digit(1) || !digit(3) || !digit(4)) return false;
    const int hour = (text[0] - '0') * 10 + (text[1] - '0');
    const int minute = (text[3] - '0') * 10 + (text[4] - '0');
    return hour < 24 && minute < 60 && minute % 15 == 0;
}

schema::Rule quarter_rule() {
    return {.valid = is_quarter, .expected = "a time of day on a quarter of an hour such as \"07:00\""};
}

TariffPeriod make_period(const std::vector<int>& months, const std::vector<std::string>& weekdays,
                         const std::string& from, const std::string& to) {
    TariffPeriod period;
    for (const int month : months) period.months.at(static_cast<std::size_t>(month - 1)) = true;
    for (const auto& name : weekdays) {
        const auto day = std::ranges::find(weekday_names, name) - weekday_names.begin();
        period.weekdays.at(static_cast<std::size_t>(day)) = true;
    }
    period.from = time_of_day(from);
    period.to = time_of_day(to);
    return period;
}

}  // namespace sitepower::config
