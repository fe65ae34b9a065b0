#include "core/battery/rul/trajectory/cycle_age.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace sitepower {

void CycleAge::add(Duration elapsed, double discharged_ah, double rated_ah) {
    if (elapsed <= Duration::zero() || !(rated_ah > 0)) return;
    if (!(discharged_ah >= 0) || !std::isfinite(discharged_ah)) return;
    const double days = std::chrono::duration<double, std::chrono::days::period>(elapsed).count();
    const double cycles = discharged_ah / rated_ah;
    const double kept = std::exp(-days / recent_memory_days);
    memory_.seen_days += days;
    memory_.cycles += cycles;
    memory_.recent_days = kept * memory_.recent_days + days;
    memory_.recent_cycles = kept * memory_.recent_cycles + cycles;
}

double CycleAge::cycles_per_day() const {
    return memory_.recent_days > 0 ? memory_.recent_cycles / memory_.recent_days : 0;
}

void CycleAge::restore(const Memory& memory) {
    const std::array values{memory.seen_days, memory.cycles, memory.recent_days, memory.recent_cycles};
    const bool is_sound =
        std::ranges::all_of(values, [](double value) { return std::isfinite(value) && value >= 0; });
    memory_ = is_sound ? memory : Memory{};
}

}  // namespace sitepower
