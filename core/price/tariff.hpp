// A time-of-use tariff: prices by season, weekday and time of day, as clocks at the site show them. Pure; any
// thread.
#pragma once

#include <array>
#include <chrono>
#include <vector>

#include "core/base/time_zone.hpp"
#include "core/price/series.hpp"

namespace sitepower {

struct TariffPeriod {
    double value = 0;                // the price
    std::array<bool, 12> months{};   // January first; none set: all
    std::array<bool, 7> weekdays{};  // Sunday first; none set: all. The day of the moment itself, also past
                                     // midnight
    // Of the clock's face, in quarters of an hour. Equal: the whole day; to before from: over midnight.
    std::chrono::minutes from{};
    std::chrono::minutes to{};
};

struct Tariff {
    std::vector<TariffPeriod> periods;  // the first that fits counts; the last fits always
    TimeZone zone;
};

bool fits(const TariffPeriod& period, const LocalTime& local);
// True when nothing restricts the period.
bool fits_always(const TariffPeriod& period);

// The steps of [from, to), from rounded down and to rounded up to quarters of an hour UTC: clocks are moved
// by whole quarters everywhere.
std::vector<PriceStep> tariff_steps(const Tariff& tariff, Time from, Time to);

}  // namespace sitepower
