#include "core/forecast/seasonal_naive/seasonal_naive.hpp"

#include <algorithm>

namespace sitepower::forecast {

std::size_t seasonal_index(const History& history, std::size_t target, std::size_t season) {
    const std::size_t n = history.size();
    const std::size_t seasons_back = (target - n) / season + 1;
    if (seasons_back * season > target) return 0;
    const std::size_t plain = target - seasons_back * season;
    if (target >= history.slots.size()) return plain;
    // After a clock change the same civil time is up to two hours of steps away.
    const std::size_t reach = history.seasons.day / 12;
    const std::size_t slot = history.slots[target] % season;
    for (std::size_t distance = 0; distance <= reach; ++distance) {
        if (plain + distance < n && history.slots[plain + distance] % season == slot) return plain + distance;
        if (plain >= distance && history.slots[plain - distance] % season == slot) return plain - distance;
    }
    return plain;
}

void SeasonalNaive::forecast(const History& history, std::size_t member, std::span<double> values) const {
    const bool has_week = history.size() >= history.seasons.week;
    const std::size_t season = member == weekly && has_week ? history.seasons.week : history.seasons.day;
    for (std::size_t h = 0; h < values.size(); ++h) {
        values[h] =
            history.size() == 0 ? 0 : history.values[seasonal_index(history, history.size() + h, season)];
    }
}

}  // namespace sitepower::forecast
