// The table of alert rules: one row says what is watched, when it deserves an alert, how bad it is and what
// to do about it. The catalogue of alerts, the configuration checker and the documents are made from it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/alert/alert.hpp"
#include "core/base/time.hpp"
#include "core/site/settings.hpp"

namespace sitepower {

// In the order of the table.
enum class RuleId : std::uint8_t {
    voltage_high,
    voltage_low,
    voltage_low_discharge,
    voltage_high_lithium,
    voltage_low_lithium,
    temperature_high,
    resistance_drift,
    resistance_drift_string,
    string_imbalance,
    thermal_runaway,
    soh_degraded,
    rul_warning,
    rul_warning_early,
    rul_critical,
    rul_critical_early,
    sensor_fault,
    data_stale,
    estimate_unknown,
    ups_on_battery,
    autonomy_low,
    device_offline,
    device_alarm,
    store_full,
    store_error,
    store_copy_failed,
    database_set_aside,
    outbox_full,
    broker_unreachable,
    broker_refused,
    broker_session_taken_over,
    broker_no_subscriber,
    price_stale,
    plan_failed,
    plan_reserve_short,
    plan_import_exceeded,
    allocation_failed,
    entitlement_cut,
    setpoint_not_followed,
    setpoint_limited,
    cap_not_followed,
    scaling_flapping,
    scaling_failed,
    alerts_full,
    prediction_anomaly,
    model_drift,
};

// What a row's numbers are compared with.
enum class RuleKind : std::uint8_t {
    above,      // a value above a threshold
    below,      // a value below a threshold
    condition,  // something that holds or does not; has a severity and no thresholds
};

struct Rule {
    RuleId id{};
    std::string_view name;  // unique; what AlertRuleSettings calls it
    std::string_view type;  // of its alerts; several rules may raise the same type
    SubjectKind subject{};
    RuleKind kind{};
    std::string_view unit;          // of thresholds and values; "" for a condition
    std::optional<double> warning;  // raise beyond; empty: this severity is never raised
    std::optional<double> critical;
    double hysteresis = 0;                  // clear when back by so much
    Duration delay{};                       // must hold, and must have cleared, for so long
    int readings = 1;                       // and on so many readings in a row
    Severity severity = Severity::warning;  // of a condition
    // One cause is one alert: when the median of a string's batteries is at the limit, the alert is the
    // string's, and only those that stand apart from it get their own.
    bool for_string = false;
    // Its detail lists what holds, with ", " between: one that joins is news, and nobody has acknowledged it.
    bool lists = false;
    // Its detail says how it stands: a new one changes the alert, and leaves it acknowledged.
    bool follows = false;
    std::string_view measure;  // what the thresholds are counted from
    std::string_view message;  // the beginning of the alert's message
    std::string_view advice;   // what to do, for people
    std::string_view basis;    // where the numbers come from
};

// True when alerts of the rule can be about such a subject.
inline bool applies_to(const Rule& rule, SubjectKind kind) {
    return rule.subject == kind || (rule.for_string && kind == SubjectKind::string);
}

// All rows, in the order of RuleId.
std::span<const Rule> rules();
// The row of that name; nullptr: there is none.
const Rule* find_rule(std::string_view name);

// The rules as configured.
class RuleSet {
  public:
    explicit RuleSet(std::span<const AlertRuleSettings> settings = {});

    const Rule& operator[](RuleId id) const { return rules_[static_cast<std::size_t>(id)]; }
    bool enabled(RuleId id) const { return enabled_[static_cast<std::size_t>(id)]; }

  private:
    std::vector<Rule> rules_;
    std::vector<bool> enabled_;
};

}  // namespace sitepower
