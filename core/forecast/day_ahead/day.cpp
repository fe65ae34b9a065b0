#include "core/forecast/day_ahead/day.hpp"

#include <cmath>
#include <limits>

namespace sitepower::forecast {
namespace {

std::chrono::sys_days local_date(Time time, const CivilClock& clock) {
    return std::chrono::floor<std::chrono::days>(time + clock.offset_at(time));
}

// A slot that the day does not have takes the mean of the nearest ones on both sides.
void fill_lacking(DaySlots& day) {
    const std::size_t slots = day.values.size();
    for (std::size_t slot = 0; slot < slots; ++slot) {
        if (day.times[slot] != 0) continue;
        std::size_t before = slot;
        std::size_t after = slot;
        while (before > 0 && day.times[before] == 0) --before;
        while (after + 1 < slots && day.times[after] == 0) ++after;
        const bool has_before = day.times[before] != 0;
        const bool has_after = day.times[after] != 0;
        day.values[slot] = has_before && has_after ? (day.values[before] + day.values[after]) / 2
                           : has_before            ? day.values[before]
                           : has_after             ? day.values[after]
                                                   : no_value;
    }
}

bool begins_at_midnight(const RegularSeries& series, const CivilClock& clock) {
    return local_date(series.start - series.step, clock) < local_date(series.start, clock);
}

}  // namespace

std::vector<DaySlots> local_days(const RegularSeries& series, const CivilClock& clock) {
    std::vector<DaySlots> days;
    if (series.size() == 0) return days;
    const std::size_t slots = seasons_of(series.step).day;
    for (std::size_t index = 0; index < series.size(); ++index) {
        const Time time = series.time_at(index);
        const auto date = local_date(time, clock);
        if (days.empty() || days.back().date != date) {
            days.push_back({.date = date,
                            .values = std::vector<double>(slots, 0.0),
                            .times = std::vector<std::uint8_t>(slots, 0)});
        }
        auto& day = days.back();
        const std::size_t slot = clock.week_slot(time, series.step) % slots;
        // A running mean, so that a NaN in either repetition makes the slot unknown.
        day.values[slot] =
            (day.values[slot] * day.times[slot] + series.values[index]) / (day.times[slot] + 1);
        ++day.times[slot];
    }
    const bool last_is_whole = local_date(series.time_at(series.size()), clock) > days.back().date;
    if (!last_is_whole) days.pop_back();
    if (!days.empty() && !begins_at_midnight(series, clock)) days.erase(days.begin());
    for (auto& day : days) {
        fill_lacking(day);
    }
    return days;
}

}  // namespace sitepower::forecast
