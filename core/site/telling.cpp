#include "core/site/telling.hpp"

#include <cmath>

namespace sitepower {
namespace {

bool differs_in_kind(const Measurement& a, const Measurement& b) {
    return a.value.has_value() != b.value.has_value() || a.reason != b.reason;
}

bool differs_in_kind(const Estimate& a, const Estimate& b) {
    return a.status != b.status || a.reason != b.reason;
}

bool differs(const std::optional<double>& a, const std::optional<double>& b, double relative,
             double absolute) {
    if (!a || !b) return a.has_value() != b.has_value();
    return std::abs(*a - *b) > std::abs(*a) * relative + absolute;
}

bool differs(const Measurement& a, const Measurement& b, double relative, double absolute) {
    return differs(a.value, b.value, relative, absolute);
}

bool differs(const Estimate& a, const Estimate& b, double absolute) {
    return differs(a.value, b.value, 0, absolute) || std::abs(a.sigma - b.sigma) > absolute;
}

constexpr double volts = 0.005;
constexpr double flow = 0.02;
constexpr double least_a = 0.1;
constexpr double least_kw = 0.05;
constexpr double degrees = 0.5;
constexpr double points = 0.5;

}  // namespace

bool differs_in_kind(const BatteryState& a, const BatteryState& b) {
    return a.status != b.status || a.status_reason != b.status_reason || a.active_alerts != b.active_alerts ||
           differs_in_kind(a.voltage_v, b.voltage_v) || differs_in_kind(a.current_a, b.current_a) ||
           differs_in_kind(a.temperature_c, b.temperature_c) ||
           differs_in_kind(a.internal_resistance_ohm, b.internal_resistance_ohm) ||
           differs_in_kind(a.soc_pct, b.soc_pct) || differs_in_kind(a.soh_pct, b.soh_pct) ||
           differs_in_kind(a.rul_days, b.rul_days) || differs_in_kind(a.resistance_ratio, b.resistance_ratio);
}

bool differs_in_kind(const StringState& a, const StringState& b) {
    return a.status != b.status || a.active_alerts != b.active_alerts ||
           differs_in_kind(a.current_a, b.current_a) || differs_in_kind(a.voltage_v, b.voltage_v) ||
           differs_in_kind(a.soc_pct, b.soc_pct) ||
           differs_in_kind(a.voltage_imbalance_v, b.voltage_imbalance_v) ||
           differs_in_kind(a.autonomy_min, b.autonomy_min) ||
           differs_in_kind(a.autonomy_at_forecast.median, b.autonomy_at_forecast.median) ||
           a.weakest.has_value() != b.weakest.has_value();
}

bool differs_in_kind(const UpsState& a, const UpsState& b) {
    return a.status != b.status || a.on_battery != b.on_battery ||
           a.on_battery_reason != b.on_battery_reason || differs_in_kind(a.load_kw, b.load_kw) ||
           differs_in_kind(a.autonomy_ups_min, b.autonomy_ups_min) ||
           differs_in_kind(a.voltage_imbalance_v, b.voltage_imbalance_v) ||
           a.weakest.has_value() != b.weakest.has_value() ||
           differs_in_kind(a.autonomy_min, b.autonomy_min) ||
           differs_in_kind(a.autonomy_at_forecast.median, b.autonomy_at_forecast.median);
}

bool differs_in_number(const BatteryState& a, const BatteryState& b) {
    return differs(a.voltage_v, b.voltage_v, volts, 0) || differs(a.current_a, b.current_a, flow, least_a) ||
           differs(a.temperature_c, b.temperature_c, 0, degrees) ||
           differs(a.internal_resistance_ohm, b.internal_resistance_ohm, 0.01, 0) ||
           differs(a.soc_pct, b.soc_pct, points) || differs(a.soh_pct, b.soh_pct, points) ||
           differs(a.rul_days, b.rul_days, 1) || differs(a.resistance_ratio, b.resistance_ratio, 0.01);
}

bool differs_in_number(const StringState& a, const StringState& b) {
    return a.weakest != b.weakest || differs(a.current_a, b.current_a, flow, least_a) ||
           differs(a.voltage_v, b.voltage_v, volts, 0) || differs(a.soc_pct, b.soc_pct, points) ||
           differs(a.voltage_imbalance_v, b.voltage_imbalance_v, 0.1, 0.02) ||
           differs(a.autonomy_min, b.autonomy_min, 0.5) ||
           differs(a.autonomy_at_forecast.median, b.autonomy_at_forecast.median, 0.5);
}

bool differs_in_number(const UpsState& a, const UpsState& b) {
    return a.weakest != b.weakest || differs(a.load_kw, b.load_kw, flow, least_kw) ||
           differs(a.voltage_imbalance_v, b.voltage_imbalance_v, 0.1, 0.02) ||
           differs(a.autonomy_ups_min, b.autonomy_ups_min, flow, 0.5) ||
           differs(a.autonomy_min, b.autonomy_min, 0.5) ||
           differs(a.autonomy_at_forecast.median, b.autonomy_at_forecast.median, 0.5);
}

// The time is set with the first value or loss of one.
bool is_blank(const BatteryState& state) {
    return state.time == Time{};
}
bool is_blank(const StringState& state) {
    return state.time == Time{};
}
bool is_blank(const UpsState& state) {
    return state.time == Time{};
}

}  // namespace sitepower
