#include "core/site/battery_alerts.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/battery/chemistry.hpp"

namespace sitepower {
namespace {

// While charging a VRLA battery may stand so much higher than on float, per 12 V: 14.4 V at 13.65 V float.
constexpr double charging_margin_v = 0.45;
// So near the end of discharge the whole string is nearly empty, per 12 V.
constexpr double discharge_margin_v = 0.2;
constexpr double never = std::numeric_limits<double>::infinity();

void shift(Limits& limits, double by) {
    if (limits.warning) *limits.warning += by;
    if (limits.critical) *limits.critical += by;
}

void scale(Limits& limits, double by) {
    if (limits.warning) *limits.warning *= by;
    if (limits.critical) *limits.critical *= by;
    limits.hysteresis *= by;
    limits.margin *= by;
}

}  // namespace

BatteryAlerts::BatteryAlerts(const SiteModel& model, const RuleSet& rules, const AlertSlots& slots)
    : model_(model),
      rules_(rules),
      slots_(slots),
      watched_(model.batteries.size()),
      watched_strings_(model.strings.size()) {}

BatteryAlerts::Subject BatteryAlerts::subject_of(StringIndex string, const Batteries& batteries) {
    const StringModel& model = model_.strings[position(string)];
    const StringView& view = batteries.view(string);
    Subject subject{.string = model, .view = view, .watched = watched_strings_[position(string)]};
    subject.number = slots_.number(string);
    subject.blocks = model.nominal_voltage_v / 12;
    subject.compensation_c = batteries.temperature_of(string);
    subject.detail = "median of its batteries";
    subject.affected = static_cast<std::uint32_t>(model.batteries.size());
    if (view.known_voltages >= fewest_for_median) subject.voltage_v = view.median_voltage_v;
    if (view.known_temperatures >= fewest_for_median) subject.temperature_c = view.median_temperature_c;
    return subject;
}

BatteryAlerts::Subject BatteryAlerts::subject_of(BatteryIndex battery, const Batteries& batteries) {
    const BatteryState& state = batteries.batteries()[position(battery)];
    Subject subject = subject_of(model_.batteries[position(battery)].string, batteries);
    return {.string = subject.string,
            .view = subject.view,
            .watched = watched_[position(battery)],
            .number = slots_.number(battery),
            .voltage_v = state.voltage_v.value,
            .temperature_c = state.temperature_c.value,
            .compensation_c = subject.compensation_c,
            .others_voltage_v = subject.voltage_v,
            .others_temperature_c = subject.temperature_c,
            .detail = "",
            .affected = 0,
            .blocks = subject.blocks};
}

void BatteryAlerts::evaluate(StringIndex string, const Batteries& batteries, AlertBook& book,
                             const Moment& moment, Effects& effects) {
    const StringModel& model = model_.strings[position(string)];
    Report report{book, moment, effects};
    if (!is_lithium(model.chemistry)) voltage_of_lead(subject_of(string, batteries), report);
    temperature(subject_of(string, batteries), report);
    for (const BatteryIndex battery : model.batteries) {
        const Subject subject = subject_of(battery, batteries);
        if (is_lithium(model.chemistry)) {
            voltage_of_lithium(subject, report);
        } else {
            voltage_of_lead(subject, report);
            imbalance(subject, report);
        }
        temperature(subject, report);
        if (subject.view.new_resistances && batteries.has_new_resistance(battery)) {
            resistance(subject, batteries.batteries()[position(battery)], report);
        }
    }
}

void BatteryAlerts::tell(const Subject& subject, RuleId rule, const Condition& condition,
                         const Limits& limits, double actual, Report& report) const {
    const auto severity = condition.level();
    report.book.observe(slots_.slot(subject.number, rule),
                        {.severity = severity,
                         .rule = rule,
                         .actual = actual,
                         .threshold = severity ? limits.of(*severity) : std::nullopt,
                         .detail = subject.detail,
                         .affected = subject.affected},
                        report.moment, report.effects);
}

Limits BatteryAlerts::high_limits(const Subject& subject, double float_v) const {
    Limits limits(rules_[RuleId::voltage_high]);
    scale(limits, subject.blocks);
    limits.of_others = subject.others_voltage_v;
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
    limits.of_others = subject.others_voltage_v;
    if (limits.warning) limits.warning = float_v - *limits.warning;
    if (limits.critical) limits.critical = subject.string.float_voltage_v - *limits.critical;
    return limits;
}

// Clears on recharge only: neither a load that comes and goes nor the cut-off ends a discharge.
Limits BatteryAlerts::discharge_limits(const Subject& subject) const {
    Limits limits(rules_[RuleId::voltage_low_discharge]);
    scale(limits, subject.blocks);
    limits.of_others = subject.others_voltage_v;
    limits.margin = discharge_margin_v * subject.blocks;
    limits.hysteresis = never;
    return limits;
}

void BatteryAlerts::voltage_of_lead(const Subject& subject, Report& report) const {
    Watched& watched = subject.watched;
    if (!subject.voltage_v) {
        for (Condition* condition :
             {&watched.voltage_high, &watched.voltage_low_float, &watched.voltage_low_discharge}) {
            condition->pause();
        }
        return;
    }
    const double float_v = float_voltage_v(subject.string.chemistry, subject.string.nominal_voltage_v,
                                           subject.string.float_voltage_v, subject.compensation_c);
    if (rules_.enabled(RuleId::voltage_high)) {
        const Limits limits = high_limits(subject, float_v);
        watched.voltage_high.update(*subject.voltage_v, limits, report.moment.steady);
        tell(subject, RuleId::voltage_high, watched.voltage_high, limits, *subject.voltage_v, report);
    }
    voltage_low_of_lead(subject, float_v, report);
}

// Two rules for one type of alert: what is low on float is normal on discharge, and until it is recharged.
void BatteryAlerts::voltage_low_of_lead(const Subject& subject, double float_v, Report& report) const {
    Condition& floating = subject.watched.voltage_low_float;
    Condition& discharging = subject.watched.voltage_low_discharge;
    const StringMode mode = subject.view.mode;
    const Limits on_float = low_limits(subject, float_v);
    const Limits on_discharge = discharge_limits(subject);
    const bool is_back_on_float =
        mode != StringMode::discharging && on_float.warning && *subject.voltage_v > *on_float.warning;
    const bool is_recharged = mode == StringMode::charging || is_back_on_float;
    if (is_recharged || !rules_.enabled(RuleId::voltage_low_discharge)) {
        discharging.clear();
    } else if (mode == StringMode::floating) {
        discharging.pause();
    } else {
        discharging.update(*subject.voltage_v, on_discharge, report.moment.steady);
    }
    if (!rules_.enabled(RuleId::voltage_low)) {
        floating.clear();
    } else if (mode == StringMode::floating && !discharging.level()) {
        floating.update(*subject.voltage_v, on_float, report.moment.steady);
    } else {
        floating.pause();
    }
    if (discharging.level() >= floating.level()) {
        tell(subject, RuleId::voltage_low_discharge, discharging, on_discharge, *subject.voltage_v, report);
    } else {
        tell(subject, RuleId::voltage_low, floating, on_float, *subject.voltage_v, report);
    }
}

// The pack's voltage against its cells' limits; a cell that strays is its own management system's affair.
void BatteryAlerts::voltage_of_lithium(const Subject& subject, Report& report) const {
    Watched& watched = subject.watched;
    if (!subject.voltage_v) {
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
        condition.update(*subject.voltage_v, limits, report.moment.steady);
        tell(subject, rule, condition, limits, *subject.voltage_v, report);
    };
    judge(RuleId::voltage_high_lithium, watched.voltage_high, chemistry.highest_cell_v);
    judge(RuleId::voltage_low_lithium, watched.voltage_low_discharge, chemistry.lowest_cell_v);
}

void BatteryAlerts::temperature(const Subject& subject, Report& report) const {
    Condition& condition = subject.watched.temperature_high;
    if (!subject.temperature_c || !rules_.enabled(RuleId::temperature_high)) {
        condition.pause();
        return;
    }
    Limits limits(rules_[RuleId::temperature_high]);
    limits.of_others = subject.others_temperature_c;
    condition.update(*subject.temperature_c, limits, report.moment.steady);
    tell(subject, RuleId::temperature_high, condition, limits, *subject.temperature_c, report);
}

void BatteryAlerts::resistance(const Subject& subject, const BatteryState& state, Report& report) const {
    Watched& watched = subject.watched;
    const Time steady = report.moment.steady;
    const auto& resistance_ohm = state.internal_resistance_ohm.value;
    if (!resistance_ohm) return;
    const Limits to_baseline(rules_[RuleId::resistance_drift]);
    const Limits to_string(rules_[RuleId::resistance_drift_string]);
    const auto& ratio = state.resistance_ratio.value;
    if (ratio && rules_.enabled(RuleId::resistance_drift)) {
        watched.resistance_baseline.update(*ratio, to_baseline, steady);
    }
    double over_median = 0;
    if (subject.view.known_resistances >= fewest_for_median &&
        rules_.enabled(RuleId::resistance_drift_string)) {
        over_median = *resistance_ohm / *subject.view.median_resistance_ohm;
        watched.resistance_string.update(over_median, to_string, steady);
    }
    if (watched.resistance_string.level() > watched.resistance_baseline.level()) {
        tell(subject, RuleId::resistance_drift_string, watched.resistance_string, to_string, over_median,
             report);
    } else {
        tell(subject, RuleId::resistance_drift, watched.resistance_baseline, to_baseline,
             ratio.value_or(over_median), report);
    }
}

// One cause is one alert: a battery whose voltage is too high or too low as such is not imbalanced as well.
void BatteryAlerts::imbalance(const Subject& subject, Report& report) const {
    Condition& condition = subject.watched.imbalance;
    const bool explained = report.book.is_open(slots_.slot(subject.number, RuleId::voltage_high)) ||
                           report.book.is_open(slots_.slot(subject.number, RuleId::voltage_low));
    if (!subject.voltage_v || !subject.others_voltage_v || explained ||
        subject.view.mode != StringMode::floating || !rules_.enabled(RuleId::string_imbalance)) {
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
    const double distance_v = std::abs(*subject.voltage_v - *subject.others_voltage_v);
    condition.update(distance_v, limits, report.moment.steady);
    tell(subject, RuleId::string_imbalance, condition, limits, distance_v, report);
}

void BatteryAlerts::start_anew(BatteryIndex battery) {
    Watched& watched = watched_[position(battery)];
    watched.resistance_baseline.clear();
    watched.resistance_string.clear();
}

void BatteryAlerts::take_over(StringIndex string, const BatteryAlerts& before, StringIndex old_string) {
    watched_strings_[position(string)] = before.watched_strings_[position(old_string)];
    const auto& batteries = model_.strings[position(string)].batteries;
    const auto& old_batteries = before.model_.strings[position(old_string)].batteries;
    for (std::size_t i = 0; i < batteries.size(); ++i) {
        watched_[position(batteries[i])] = before.watched_[position(old_batteries[i])];
    }
}

void BatteryAlerts::assume(const Alert& alert) {
    const auto found = slots_.find(alert.subject);
    if (!found) return;
    const std::size_t index = slots_.index(*found);
    const SubjectKind kind = slots_.kind(*found);
    if (kind != SubjectKind::battery && kind != SubjectKind::string) return;
    const bool is_string = kind == SubjectKind::string;
    Watched& watched = is_string ? watched_strings_[index] : watched_[index];
    const StringModel& string = model_.strings[is_string ? index : position(model_.batteries[index].string)];
    if (alert.type == "voltage_high") watched.voltage_high.assume(alert.severity);
    if (alert.type == "temperature_high") watched.temperature_high.assume(alert.severity);
    if (alert.type == "string_imbalance") watched.imbalance.assume(alert.severity);
    // Where two rules raise one type of alert, the threshold tells which of them had.
    if (alert.type == "resistance_drift") {
        const bool by_string = alert.threshold == rules_[RuleId::resistance_drift_string].warning;
        (by_string ? watched.resistance_string : watched.resistance_baseline).assume(alert.severity);
    }
    if (alert.type == "voltage_low") {
        const double discharge_v =
            rules_[RuleId::voltage_low_discharge].warning.value_or(0) * string.nominal_voltage_v / 12;
        const bool on_discharge =
            is_lithium(string.chemistry) || (alert.threshold && *alert.threshold <= discharge_v);
        (on_discharge ? watched.voltage_low_discharge : watched.voltage_low_float).assume(alert.severity);
    }
}

}  // namespace sitepower
