#include "core/battery/mode.hpp"

#include <cmath>

#include "core/battery/chemistry.hpp"

namespace sitepower {
namespace {

StringMode by_current(double current_a, double capacity_ah) {
    const double limit = capacity_ah / 50;
    if (current_a < -limit) return StringMode::discharging;
    return current_a > limit ? StringMode::charging : StringMode::floating;
}

}  // namespace

StringMode judge_mode(const StringModel& string, const ModeEvidence& evidence) {
    if (evidence.ups_on_battery.value_or(false)) return StringMode::discharging;
    if (evidence.current_a && string.nominal_capacity_ah > 0) {
        return by_current(*evidence.current_a, string.nominal_capacity_ah);
    }
    if (!evidence.ups_on_battery) return StringMode::unknown;
    const double tolerance = 0.3 * string.nominal_voltage_v / 12;
    const bool near_float = evidence.median_voltage_v &&
                            std::abs(*evidence.median_voltage_v - evidence.float_voltage_v) <= tolerance;
    return near_float ? StringMode::floating : StringMode::unknown;
}

bool is_at_charger(const StringModel& string, const ModeEvidence& evidence) {
    if (judge_mode(string, evidence) != StringMode::floating) return false;
    if (is_lithium(string.chemistry) || !evidence.median_voltage_v) return true;
    return *evidence.median_voltage_v >= evidence.float_voltage_v - 0.5 * string.nominal_voltage_v / 12;
}

}  // namespace sitepower
