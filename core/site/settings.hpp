// What the engine may be told: thresholds, delays and publishing intervals. Filled from the configuration.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/time.hpp"

namespace sitepower {

// Overrides one row of the table of alert rules (core/alert/rules). An empty optional keeps the rule's
// default.
struct AlertRuleSettings {
    std::string type;  // the rule's name: a type of alert may have several rules
    bool enabled = true;
    std::optional<double> warning;  // threshold, in the unit of the rule
    std::optional<double> critical;
    std::optional<double> hysteresis;
    std::optional<Duration> delay;
};

// How the batteries are estimated.
struct BatterySettings {
    std::string soc_method = "kalman";                   // a row of core/battery/soc/methods
    Duration float_full_after = std::chrono::hours(24);  // on float for so long, a VRLA battery is full
    double inverter_efficiency = 0.94;  // of the power from the batteries, what reaches the load
    int baseline_readings = 30;         // the baseline resistance is the median of so many readings,
    Duration baseline_interval = std::chrono::hours(24);  // each at least so long after the one before
    double design_life_years = 10;  // lead-acid on float at 25 C, as the maker states it
    double eol_soh_pct = 80;        // health at which a battery is to be replaced (IEEE 1188)
};

struct SiteSettings {
    std::vector<AlertRuleSettings> alert_rules;
    BatterySettings battery;
    Duration state_interval{60'000};  // at most how long a changed battery, string or UPS state stays untold
    Duration repeat_interval{900'000};  // an unchanged one is told again
    // Of all poll groups of a device, failed or silent (engineering default: one lost answer is noise, three
    // in a row are a fault). 1 or more.
    int missed_polls_until_offline = 3;
};

}  // namespace sitepower
