#include "core/battery/rul/particle/thermal_age.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/battery/rul/particle/elementary.hpp"

namespace sitepower {
namespace {

constexpr double year_days = 365;
constexpr double month_days = year_days / static_cast<double>(ThermalAge::months);
constexpr double coldest_c = -40;
constexpr double hottest_c = 80;
constexpr double first_per_c = 1 / ThermalAge::largest_h_c;
constexpr double step_per_c =
    (1 / ThermalAge::smallest_h_c - first_per_c) / static_cast<double>(ThermalAge::nodes - 1);

}  // namespace

void ThermalAge::add(Duration elapsed, double temperature_c) {
    if (elapsed <= Duration::zero()) return;
    if (!(temperature_c >= coldest_c && temperature_c <= hottest_c)) return;
    const double days = static_cast<double>(elapsed.count()) / 86'400'000;
    if (memory_.recent_seen_days[memory_.month] >= month_days) {
        memory_.month = (memory_.month + 1) % months;
        memory_.recent_seen_days[memory_.month] = 0;
        memory_.recent_days[memory_.month] = {};
    }
    memory_.seen_days += days;
    memory_.recent_seen_days[memory_.month] += days;
    for (std::size_t node = 0; node < nodes; ++node) {
        const double per_c = first_per_c + step_per_c * static_cast<double>(node);
        const double aged = days * elementary::exp2((temperature_c - 25) * per_c);
        memory_.age_days[node] += aged;
        memory_.recent_days[memory_.month][node] += aged;
    }
}

double ThermalAge::place_of(double h_c) {
    return std::clamp((1 / h_c - first_per_c) / step_per_c, 0.0, static_cast<double>(nodes - 1));
}

ThermalAge::PerNode ThermalAge::age_days(double service_days) const {
    PerNode ages = memory_.age_days;
    const double unseen_days = std::max(service_days - memory_.seen_days, 0.0);
    for (double& age : ages) age += unseen_days;
    return ages;
}

double ThermalAge::recent_seen_days() const {
    return std::accumulate(memory_.recent_seen_days.begin(), memory_.recent_seen_days.end(), 0.0);
}

double ThermalAge::recent_days(std::size_t node) const {
    double aged = 0;
    for (const PerNode& month : memory_.recent_days) aged += month[node];
    return aged;
}

ThermalAge::PerNode ThermalAge::age_days_before(double service_days, double before_days) const {
    PerNode ages = age_days(service_days);
    const double recent = recent_seen_days();
    const double of_recent = std::min(before_days, recent);
    const double older = std::max(service_days - recent, 0.0);
    const double older_left = older > 0 ? std::clamp(1 - (before_days - of_recent) / older, 0.0, 1.0) : 0;
    const double recent_left = recent > 0 ? 1 - of_recent / recent : 0;
    for (std::size_t node = 0; node < nodes; ++node) {
        const double aged = recent_days(node);
        ages[node] = (ages[node] - aged) * older_left + aged * recent_left;
    }
    return ages;
}

ThermalAge::PerNode ThermalAge::rate() const {
    const double unseen = std::max(year_days - memory_.seen_days, 0.0);
    PerNode rates{};
    for (std::size_t node = 0; node < nodes; ++node) {
        rates[node] = (recent_days(node) + unseen) / (recent_seen_days() + unseen);
    }
    return rates;
}

void ThermalAge::restore(const Memory& memory) {
    const auto sound = [](double value) { return std::isfinite(value) && value >= 0; };
    const bool is_sound =
        sound(memory.seen_days) && memory.month < months && std::ranges::all_of(memory.age_days, sound) &&
        std::ranges::all_of(memory.recent_seen_days, sound) &&
        std::ranges::all_of(memory.recent_days,
                            [&](const auto& month) { return std::ranges::all_of(month, sound); });
    memory_ = is_sound ? memory : Memory{};
}

}  // namespace sitepower
