#include "core/price/tariff.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>

namespace sitepower {
namespace {

constexpr std::chrono::minutes quarter{15};

bool none(const auto& set) {
    return std::ranges::none_of(set, std::identity{});
}

}  // namespace

bool fits(const TariffPeriod& period, const LocalTime& local) {
    if (!none(period.months) && !period.months[unsigned(local.date.month()) - 1]) return false;
    if (!none(period.weekdays) && !period.weekdays[local.weekday.c_encoding()]) return false;
    if (period.from == period.to) return true;
    const bool begun = local.since_midnight >= period.from;
    const bool ended = local.since_midnight >= period.to;
    return period.from < period.to ? begun && !ended : begun || !ended;
}

bool fits_always(const TariffPeriod& period) {
    return none(period.months) && none(period.weekdays) && period.from == period.to;
}

std::vector<PriceStep> tariff_steps(const Tariff& tariff, Time from, Time to) {
    std::vector<PriceStep> steps;
    const auto quarters = std::chrono::floor<std::chrono::duration<std::int64_t, std::ratio<900>>>(from);
    for (Time time{quarters}; time < to; time += quarter) {
        const auto local = tariff.zone.local(time);
        const auto period =
            std::ranges::find_if(tariff.periods, [&](const auto& each) { return fits(each, local); });
        if (period == tariff.periods.end()) continue;
        if (!steps.empty() && steps.back().value == period->value && steps.back().to == time) {
            steps.back().to = time + quarter;
        } else {
            steps.push_back({time, time + quarter, period->value});
        }
    }
    return steps;
}

}  // namespace sitepower
