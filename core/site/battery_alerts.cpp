#include "core/site/battery_alerts.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/battery/chemistry.hpp"

namespace sitepower {
namespace {

// While charging a VRLA battery may stand so much higher than on float, per 12 V: 14.4 V at 13.65 V float.
constexpr double charging_margin_v = 0.45;
constexpr double never = std::numeric_limits<double>::infinity();

void shift(Limits& limits, double by) {
    if (limits.warning) *limits.warning += by;
    if (limits.critical) *limits.critical += by;
}

void scale(Limits& limits, double by) {
    if (limits.warning) *limits.warning *= by;
    if (limits.critical) *limits.critical *= by;
    limits.hysteresis *= by;
}

}  // namespace

BatteryAlerts::BatteryAlerts(const SiteModel& model, const RuleSet& rules, const AlertSlots& slots)
    : model_(model), rules_(rules), slots_(slots), watched_(model.batteries.size()) {}

void BatteryAlerts::evaluate(StringIndex string, const Batteries& batteries, AlertBook& book,
                             const Moment& moment, Effects& effects) {
    const StringModel& model = model_.strings[position(string)];
    Report report{book, moment, effects};
    for (const BatteryIndex battery : model.batteries) {
        const Subject subject{.string = model,
                              .state = batteries.batteries()[position(battery)],
                              .view = batteries.view(string),
                              .temperature_c = batteries.temperature_of(battery),
                              .battery = battery,
                              .blocks = model.nominal_voltage_v / 12};
        if (is_lithium(model.chemistry)) {
            voltage_of_lithium(subject, report);
        } else {
            voltage_of_lead(subject, report);
            imbalance(subject, report);
        }
        temperature(subject, report);
        if (subject.view.new_resistances) resistance(subject, report);
    }
}

void BatteryAlerts::tell(const Subject& subject, RuleId rule, const Condition& condition,
                         const Limits& limits, double actual, Report& report) const {
    const auto severity = condition.level();
    report.book.observe(slots_.slot(slots_.number(subject.battery), rule),
                        {.severity = severity,
                         .rule = rule,
                         .actual = actual,
                         .threshold = severity ? limits.of(*severity) : std::nullopt},
                        report.moment, report.effects);
}

Limits BatteryAlerts::high_limits(const Subject& subject, double float_v) const {
    Limits limits(rules_[RuleId::voltage_high]);
    scale(limits, subject.blocks);
    const double float_25_v = subject.string.float_voltage_v;
    if (limits.critical) *limits.critical += float_25_v;
    if (limits.warning) {
        const double highest_v = float_25_v + *limits.warning + charging_margin_v * subject.blocks;
        const bool charging = subject.view.mode == StringMode::charging;
        limits.warning = charging ? highest_v : std::min(float_v + *limits.warning, highest_v);
    }
    return limits;
}

Limits BatteryAlerts::low_limits(const Subject& subject, double float_v) const {
    Limits limits(rules_[RuleId::voltage_low]);
    scale(limits, subject.blocks);
    if (limits.warning) limits.warning = float_v - *limits.warning;
    if (limits.critical) limits.critical = subject.string.float_voltage_v - *limits.critical;
    return limits;
}

// Clears on recharge only: a load that comes and goes does not end a discharge.
Limits BatteryAlerts::discharge_limits(const Subject& subject) const {
    Limits limits(rules_[RuleId::voltage_low_discharge]);
    scale(limits, subject.blocks);
    if (subject.view.mode == StringMode::discharging) limits.hysteresis = never;
    return limits;
}

void BatteryAlerts::voltage_of_lead(const Subject& subject, Report& report) {
    Watched& watched = watched_[position(subject.battery)];
    const auto& voltage_v = subject.state.voltage_v.value;
    if (!voltage_v) {
        for (Condition* condition :
             {&watched.voltage_high, &watched.voltage_low_float, &watched.voltage_low_discharge}) {
            condition->pause();
        }
        return;
    }
    const StringMode mode = subject.view.mode;
    const Time steady = report.moment.steady;
    const double float_v = float_voltage_v(subject.string.chemistry, subject.string.nominal_voltage_v,
                                           subject.string.float_voltage_v, subject.temperature_c);
    if (rules_.enabled(RuleId::voltage_high)) {
        const Limits limits = high_limits(subject, float_v);
        watched.voltage_high.update(*voltage_v, limits, steady);
        tell(subject, RuleId::voltage_high, watched.voltage_high, limits, *voltage_v, report);
    }
    const Limits on_float = low_limits(subject, float_v);
    const Limits on_discharge = discharge_limits(subject);
    if (!rules_.enabled(RuleId::voltage_low)) {
        watched.voltage_low_float.clear();
    } else if (mode == StringMode::floating) {
        watched.voltage_low_float.update(*voltage_v, on_float, steady);
    } else {
        watched.voltage_low_float.pause();
    }
    const bool may_discharge = mode == StringMode::discharging || mode == StringMode::unknown;
    if (may_discharge && rules_.enabled(RuleId::voltage_low_discharge)) {
        watched.voltage_low_discharge.update(*voltage_v, on_discharge, steady);
    } else {
        watched.voltage_low_discharge.clear();
    }
    Condition both = watched.voltage_low_float;
    const bool discharge_decides = watched.voltage_low_discharge.level() >= both.level();
    if (discharge_decides) both = watched.voltage_low_discharge;
    tell(subject, discharge_decides ? RuleId::voltage_low_discharge : RuleId::voltage_low, both,
         discharge_decides ? on_discharge : on_float, *voltage_v, report);
}

// The pack's voltage against its cells' limits; a cell that strays is its own management system's affair.
void BatteryAlerts::voltage_of_lithium(const Subject& subject, Report& report) {
    Watched& watched = watched_[position(subject.battery)];
    const auto& voltage_v = subject.state.voltage_v.value;
    if (!voltage_v) {
        watched.voltage_high.pause();
        watched.voltage_low_discharge.pause();
        return;
    }
    const auto& chemistry = parameters_of(subject.string.chemistry);
    const double cells = cells_of(subject.string.chemistry, subject.string.nominal_voltage_v);
    const auto judge = [&](RuleId rule, Condition& condition, double limit_v) {
        if (!rules_.enabled(rule)) return;
        Limits limits(rules_[rule]);
        shift(limits, limit_v);
        scale(limits, cells);
        condition.update(*voltage_v, limits, report.moment.steady);
        tell(subject, rule, condition, limits, *voltage_v, report);
    };
    judge(RuleId::voltage_high_lithium, watched.voltage_high, chemistry.highest_cell_v);
    judge(RuleId::voltage_low_lithium, watched.voltage_low_discharge, chemistry.lowest_cell_v);
}

void BatteryAlerts::temperature(const Subject& subject, Report& report) {
    Condition& condition = watched_[position(subject.battery)].temperature_high;
    const auto& temperature_c = subject.state.temperature_c.value;
    if (!temperature_c || !rules_.enabled(RuleId::temperature_high)) {
        condition.pause();
        return;
    }
    const Limits limits(rules_[RuleId::temperature_high]);
    condition.update(*temperature_c, limits, report.moment.steady);
    tell(subject, RuleId::temperature_high, condition, limits, *temperature_c, report);
}

void BatteryAlerts::resistance(const Subject& subject, Report& report) {
    Watched& watched = watched_[position(subject.battery)];
    const Time steady = report.moment.steady;
    const auto& resistance = subject.state.internal_resistance_ohm.value;
    const bool repeated = watched.resistance_seen && steady - watched.last_resistance < reading_interval;
    if (!resistance || repeated) return;
    watched.last_resistance = steady;
    watched.resistance_seen = true;

    const Limits to_baseline(rules_[RuleId::resistance_drift]);
    const Limits to_string(rules_[RuleId::resistance_drift_string]);
    const auto& ratio = subject.state.resistance_ratio.value;
    if (ratio && rules_.enabled(RuleId::resistance_drift)) {
        watched.resistance_baseline.update(*ratio, to_baseline, steady);
    }
    double over_median = 0;
    if (subject.view.known_resistances >= fewest_for_median &&
        rules_.enabled(RuleId::resistance_drift_string)) {
        over_median = *resistance / *subject.view.median_resistance_ohm;
        watched.resistance_string.update(over_median, to_string, steady);
    }
    const bool string_decides = watched.resistance_string.level() > watched.resistance_baseline.level();
    if (string_decides) {
        tell(subject, RuleId::resistance_drift_string, watched.resistance_string, to_string, over_median,
             report);
    } else {
        tell(subject, RuleId::resistance_drift, watched.resistance_baseline, to_baseline,
             ratio.value_or(over_median), report);
    }
}

// One cause is one alert: a battery whose voltage is too high or too low as such is not imbalanced as well.
void BatteryAlerts::imbalance(const Subject& subject, Report& report) {
    Condition& condition = watched_[position(subject.battery)].imbalance;
    const SubjectNumber number = slots_.number(subject.battery);
    const bool explained = report.book.is_open(slots_.slot(number, RuleId::voltage_high)) ||
                           report.book.is_open(slots_.slot(number, RuleId::voltage_low));
    const auto& voltage_v = subject.state.voltage_v.value;
    if (!voltage_v || explained || subject.view.mode != StringMode::floating ||
        subject.view.known_voltages < fewest_for_median || !rules_.enabled(RuleId::string_imbalance)) {
        condition.pause();
        return;
    }
    Limits limits(rules_[RuleId::string_imbalance]);
    scale(limits, subject.blocks);
    if (limits.warning && *limits.warning > 0) {
        // Clears at the same share of the threshold, however wide the string spreads.
        const double kept = limits.hysteresis / *limits.warning;
        limits.warning = std::max(*limits.warning, 4 * subject.view.median_distance_v);
        limits.hysteresis = kept * *limits.warning;
    }
    const double distance_v = std::abs(*voltage_v - *subject.view.median_voltage_v);
    condition.update(distance_v, limits, report.moment.steady);
    tell(subject, RuleId::string_imbalance, condition, limits, distance_v, report);
}

void BatteryAlerts::assume(const Alert& alert) {
    const auto found = slots_.find(alert.subject);
    if (!found || slots_.kind(*found) != SubjectKind::battery) return;
    const std::size_t index = slots_.index(*found);
    Watched& watched = watched_[index];
    const StringModel& string = model_.strings[position(model_.batteries[index].string)];
    if (alert.type == "voltage_high") watched.voltage_high.assume(alert.severity);
    if (alert.type == "temperature_high") watched.temperature_high.assume(alert.severity);
    if (alert.type == "string_imbalance") watched.imbalance.assume(alert.severity);
    if (alert.type == "resistance_drift") {
        // The threshold tells which of the two rules had raised it.
        const bool by_string = alert.threshold == rules_[RuleId::resistance_drift_string].warning;
        (by_string ? watched.resistance_string : watched.resistance_baseline).assume(alert.severity);
    }
    if (alert.type == "voltage_low") {
        const double blocks = string.nominal_voltage_v / 12;
        const double below_discharge_v = rules_[RuleId::voltage_low_discharge].warning.value_or(0) * blocks;
        const bool on_discharge =
            is_lithium(string.chemistry) || (alert.threshold && *alert.threshold <= below_discharge_v);
        (on_discharge ? watched.voltage_low_discharge : watched.voltage_low_float).assume(alert.severity);
    }
}

}  // namespace sitepower
