// What the engine says about the site, as plain values: the live state of devices, batteries, strings and
// UPSs. Made by Site on the loop thread; copied into messages, rows and replies.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/identifier.hpp"
#include "core/base/quality.hpp"
#include "core/base/time.hpp"

namespace sitepower {

enum class DeviceStatus : std::uint8_t { unknown, online, stale, offline };

struct DeviceState {
    DeviceIndex device{};
    DeviceStatus status = DeviceStatus::unknown;
    std::optional<Time> last_seen;  // of the last frame, by its own time; empty: it has never answered
    // For people: "no answer", the bus's last words. While online empty, unless a part of it fails to be
    // read.
    std::string reason;
    Time since{};  // when this status began
};

// How far an estimate can be trusted; words of estimation: ok, degraded, prior_only, unknown.
enum class EstimateStatus : std::uint8_t { ok, degraded, prior_only, unknown };

// A number with its uncertainty. `value` is empty exactly when status is unknown; `reason` is then a reason
// code
// ("no_current_sensor", "no_full_charge_reference", "stale_input", ...) and may also qualify a degraded
// value.
struct Estimate {
    std::optional<double> value;
    double sigma = 0;
    EstimateStatus status = EstimateStatus::unknown;
    std::string_view reason;  // a string literal
    Time as_of{};
};

// A measured value as last seen; `value` is empty when unknown, and `reason` then says why.
// Reasons: "no_sensor" (no point is configured), "not_yet_read", "stale_input" (not heard for the offline
// limit), or a word of Quality for what the device itself said.
struct Measurement {
    std::optional<double> value;
    std::string_view reason = "no_sensor";
    Time time{};  // of the frame that brought the value, or the news of its loss
};

// The 10 and 90 % quantiles beside an estimated remaining life.
struct LifeInterval {
    double p10 = 0;
    double p90 = 0;
    bool censored = false;  // the life lies beyond the horizon, which stands in its stead
};

// Of a battery, string or UPS: its worst open alert; unknown, with a reason, when its data are stale. Of a
// battery without an alert also when its health is but a prior.
enum class HealthStatus : std::uint8_t { healthy, warning, critical, unknown };

struct BatteryState {
    BatteryIndex battery{};
    Time time{};
    Measurement voltage_v;
    Measurement current_a;
    Measurement temperature_c;
    Measurement internal_resistance_ohm;
    Estimate soc_pct;
    Estimate soh_pct;
    Estimate rul_days;  // the median
    std::optional<LifeInterval> rul_interval;
    Estimate resistance_ratio;
    HealthStatus status = HealthStatus::unknown;
    std::string_view status_reason;
    std::uint32_t active_alerts = 0;
};

// How long batteries would carry a load: the median, unknown with a reason until it is estimated.
struct AutonomyMinutes {
    Estimate median;
    // One runtime in ten is shorter than the first, one in ten longer than the second; empty with it.
    std::optional<double> p10;
    std::optional<double> p90;
};

struct StringState {
    StringIndex string{};
    Time time{};
    Measurement current_a;
    Measurement voltage_v;
    Estimate soc_pct;                     // of the weakest battery
    std::optional<BatteryIndex> weakest;  // lowest voltage
    Measurement voltage_imbalance_v;      // largest distance from the median
    Estimate autonomy_min;                // as of a UPS, of this string with its share of the load
    std::optional<double> autonomy_p10_min;
    std::optional<double> autonomy_p90_min;
    AutonomyMinutes autonomy_at_forecast;  // at the load that is forecast
    HealthStatus status = HealthStatus::unknown;
    std::uint32_t active_alerts = 0;
};

struct UpsState {
    UpsIndex ups{};
    Time time{};
    std::optional<bool> on_battery;
    std::string_view on_battery_reason;
    Measurement load_kw;
    // Of its string with the largest distance between a battery and the median.
    Measurement voltage_imbalance_v;
    std::optional<BatteryIndex> weakest;
    Measurement autonomy_ups_min;  // the UPS's own figure
    Estimate autonomy_min;         // ours: its median; unknown with a reason until it is estimated
    // One runtime in ten is shorter than the first, one in ten longer than the second; empty with it.
    std::optional<double> autonomy_p10_min;
    std::optional<double> autonomy_p90_min;
    AutonomyMinutes autonomy_at_forecast;  // at the load that is forecast, from now on
    HealthStatus status = HealthStatus::unknown;
};

std::string_view to_string(DeviceStatus status);
std::string_view to_string(EstimateStatus status);
std::string_view to_string(HealthStatus status);

}  // namespace sitepower
