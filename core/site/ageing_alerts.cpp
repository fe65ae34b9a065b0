#include "core/site/ageing_alerts.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "core/battery/chemistry.hpp"
#include "core/site/measuring.hpp"

namespace sitepower {
namespace {

using std::chrono::hours;

// The usual float current is what flows when the end of a recharge is long over, the mean of a day at least;
// from then on it follows slowly, so that a runaway does not become usual.
constexpr Duration float_current_settles = hours(24);
constexpr Duration float_current_step = std::chrono::minutes(10);
constexpr int fewest_float_steps = hours(24) / float_current_step;
constexpr int most_float_steps = hours(24 * 30) / float_current_step;

bool is_judged(const Estimate& estimate) {
    return estimate.value && estimate.status != EstimateStatus::prior_only;
}

// The measurements of a battery with the points that they come from.
struct Sensor {
    const std::optional<PointRef> BatteryModel::*point;
    const Measurement BatteryState::*measured;
    std::string_view name;
};
constexpr std::array sensors_of_battery{
    Sensor{&BatteryModel::voltage_v, &BatteryState::voltage_v, "voltage"},
    Sensor{&BatteryModel::temperature_c, &BatteryState::temperature_c, "temperature"},
    Sensor{&BatteryModel::internal_resistance_ohm, &BatteryState::internal_resistance_ohm, "resistance"}};

bool says_fault(std::string_view reason) {
    return reason == to_string(Quality::out_of_range) || reason == to_string(Quality::invalid_scale);
}

bool says_stale(std::string_view reason) {
    return reason == stale_input || reason == to_string(Quality::comm_error);
}

}  // namespace

AgeingAlerts::AgeingAlerts(const SiteModel& model, const RuleSet& rules, const AlertSlots& slots)
    : model_(model),
      rules_(rules),
      slots_(slots),
      watched_(model.batteries.size()),
      strings_(model.strings.size()) {}

void AgeingAlerts::evaluate(StringIndex string, const Batteries& batteries, const DeviceWatch& devices,
                            AlertBook& book, const Moment& moment, Effects& effects) {
    auto& looked_at = strings_[position(string)].looked_at;
    if (looked_at && moment.steady - *looked_at < interval) return;
    looked_at = moment.steady;
    Report report{book, moment, effects};
    learn_float_current(string, batteries, moment);
    for (const BatteryIndex battery : model_.strings[position(string)].batteries) {
        const BatteryState& state = batteries.batteries()[position(battery)];
        Watched& watched = watched_[position(battery)];
        health(slots_.number(battery), state, watched, report);
        life(slots_.number(battery), state, watched, report);
        runaway(battery, batteries, watched, report);
        sensors(battery, batteries, devices, watched, report);
    }
    untested(string, batteries, report);
}

void AgeingAlerts::tell(SubjectNumber subject, RuleId rule, const Condition& condition, double actual,
                        Report& report) const {
    const auto severity = condition.level();
    report.book.observe(slots_.slot(subject, rule),
                        {.severity = severity,
                         .rule = rule,
                         .actual = actual,
                         .threshold = severity ? Limits(rules_[rule]).of(*severity) : std::nullopt},
                        report.moment, report.effects);
}

void AgeingAlerts::tell(SubjectNumber subject, RuleId rule, const Latch& latch, std::string_view detail,
                        std::optional<double> actual, Report& report) const {
    const auto severity = latch.is_on() ? std::optional(rules_[rule].severity) : std::nullopt;
    report.book.observe(slots_.slot(subject, rule),
                        {.severity = severity, .rule = rule, .actual = actual, .detail = detail},
                        report.moment, report.effects);
}

// Each estimate counts once: the rule wants two of them, not one seen twice. One that a test has just made
// stands alone.
void AgeingAlerts::health(SubjectNumber subject, const BatteryState& state, Watched& watched,
                          Report& report) const {
    const bool is_tested = std::exchange(watched.is_tested, false) && state.soh_pct.reason != reported_by_bms;
    const bool is_new = state.soh_pct.as_of != watched.soh_as_of || is_tested;
    if (!is_judged(state.soh_pct) || !is_new || !rules_.enabled(RuleId::soh_degraded)) return;
    watched.soh_as_of = state.soh_pct.as_of;
    Limits limits(rules_[RuleId::soh_degraded]);
    if (is_tested) limits.readings = 1;
    watched.soh.update(*state.soh_pct.value, limits, report.moment.steady);
    tell(subject, RuleId::soh_degraded, watched.soh, *state.soh_pct.value, report);
}

void AgeingAlerts::life(SubjectNumber subject, const BatteryState& state, Watched& watched,
                        Report& report) const {
    if (!is_judged(state.rul_days) || !state.rul_interval) {
        for (Condition* condition : {&watched.rul_warning, &watched.rul_warning_early, &watched.rul_critical,
                                     &watched.rul_critical_early}) {
            condition->pause();
        }
        return;
    }
    const auto judge = [&](RuleId rule, Condition& condition, double days) {
        if (rules_.enabled(rule)) condition.update(days, Limits(rules_[rule]), report.moment.steady);
        return condition.level().has_value();
    };
    // Either quantile is enough: the alert tells which of them broke its limit.
    const auto judge_both = [&](RuleId rule, Condition& condition, RuleId early_rule, Condition& early) {
        const double p10 = state.rul_interval->p10;
        const bool is_late = judge(rule, condition, *state.rul_days.value);
        const bool is_early = judge(early_rule, early, p10);
        if (is_early && !is_late) {
            tell(subject, early_rule, early, p10, report);
        } else {
            tell(subject, rule, condition, *state.rul_days.value, report);
        }
    };
    judge_both(RuleId::rul_warning, watched.rul_warning, RuleId::rul_warning_early,
               watched.rul_warning_early);
    judge_both(RuleId::rul_critical, watched.rul_critical, RuleId::rul_critical_early,
               watched.rul_critical_early);
}

// A prior alone alarms nobody, but somebody should look. One cause is one alert: it is the string's.
void AgeingAlerts::untested(StringIndex string, const Batteries& batteries, Report& report) {
    const Rule& rule = rules_[RuleId::estimate_unknown];
    if (!rules_.enabled(rule.id)) return;
    const auto count = std::ranges::count_if(
        model_.strings[position(string)].batteries,
        [&](BatteryIndex battery) { return prior_would_alert(batteries.batteries()[position(battery)]); });
    Latch& latch = strings_[position(string)].untested;
    latch.update(count > 0, count > 0, rule.delay, rule.readings, report.moment.steady);
    Observation observation;
    observation.rule = rule.id;
    if (latch.is_on()) observation.severity = rule.severity;
    observation.affected = static_cast<std::uint32_t>(count);
    report.book.observe(slots_.slot(slots_.number(string), rule.id), observation, report.moment,
                        report.effects);
}

bool AgeingAlerts::prior_would_alert(const BatteryState& state) const {
    const auto is_below = [this](const Estimate& estimate, RuleId rule) {
        const auto& limit = rules_[rule].warning;
        return estimate.value && estimate.status == EstimateStatus::prior_only && limit &&
               *estimate.value < *limit;
    };
    return is_below(state.soh_pct, RuleId::soh_degraded) || is_below(state.rul_days, RuleId::rul_warning);
}

void AgeingAlerts::learn_float_current(StringIndex string, const Batteries& batteries, const Moment& moment) {
    WatchedString& watched = strings_[position(string)];
    const auto& measured = batteries.strings()[position(string)].current_a.value;
    const StringView& view = batteries.view(string);
    if (!measured && view.mode != StringMode::discharging) return;
    if (!view.is_at_charger) {
        watched.on_float_since.reset();
        return;
    }
    if (!watched.on_float_since) watched.on_float_since = moment.steady;
    if (moment.steady - *watched.on_float_since < float_current_settles) return;
    if (watched.steps > 0 && moment.steady - watched.learnt_at < float_current_step) return;
    watched.steps = std::min(watched.steps + 1, most_float_steps);
    watched.mean_a += (std::max(*measured, 0.0) - watched.mean_a) / watched.steps;
    watched.learnt_at = moment.steady;
}

std::optional<double> AgeingAlerts::usual_float_current_a(StringIndex string) const {
    const WatchedString& watched = strings_[position(string)];
    return watched.steps >= fewest_float_steps ? std::optional(watched.mean_a) : std::nullopt;
}

void AgeingAlerts::restore_float_current(StringIndex string, double usual_a, const Moment& moment) {
    if (!std::isfinite(usual_a) || usual_a < 0) return;
    strings_[position(string)].mean_a = usual_a;
    strings_[position(string)].steps = most_float_steps;
    strings_[position(string)].learnt_at = moment.steady;
}

// Cleared by hand only: a battery that has cooled down with its charger off is not mended.
void AgeingAlerts::runaway(BatteryIndex battery, const Batteries& batteries, Watched& watched,
                           Report& report) const {
    const BatteryModel& of = model_.batteries[position(battery)];
    const StringModel& string = model_.strings[position(of.string)];
    const BatteryState& state = batteries.batteries()[position(battery)];
    const Time now = report.moment.steady;
    if (is_lithium(string.chemistry) || !rules_.enabled(RuleId::thermal_runaway)) return;
    if (state.temperature_c.value && (!watched.hour_ago_c || now - watched.hour_started >= hours(1))) {
        const bool is_hour = watched.hour_ago_c && now - watched.hour_started < hours(2);
        watched.c_per_hour = is_hour ? *state.temperature_c.value - *watched.hour_ago_c : 0;
        watched.hour_ago_c = *state.temperature_c.value;
        watched.hour_started = now;
    }
    const auto& current_a = batteries.strings()[position(of.string)].current_a.value;
    if (!state.temperature_c.value || !current_a || !(string.nominal_capacity_ah > 0)) {
        watched.runaway.pause();
        return;
    }
    const auto ambient_c = batteries.ambient_of(of.string);
    const double warming_c = std::max(watched.c_per_hour, *state.temperature_c.value - *watched.hour_ago_c);
    const bool is_hot = (ambient_c && *state.temperature_c.value - *ambient_c > runaway_above_ambient_c) ||
                        warming_c > runaway_c_per_hour;
    const double usual_a =
        usual_float_current_a(of.string).value_or(supposed_float_current_c * string.nominal_capacity_ah);
    const double limit_a =
        runaway_current_ratio * std::max(usual_a, least_float_current_c * string.nominal_capacity_ah);
    // A current that has run away on float grows beyond what counts as floating.
    const StringMode mode = batteries.view(of.string).mode;
    const bool at_charger =
        mode == StringMode::floating || (mode == StringMode::charging && watched.runs_away);
    const bool holds = is_hot && at_charger && *current_a > limit_a;
    watched.runs_away = holds;
    const bool is_open = report.book.is_open(slots_.slot(slots_.number(battery), RuleId::thermal_runaway));
    watched.runaway.update(holds, holds || is_open, rules_[RuleId::thermal_runaway].delay, 1, now);
    tell(slots_.number(battery), RuleId::thermal_runaway, watched.runaway, "", state.temperature_c.value,
         report);
}

bool AgeingAlerts::is_frozen(const BatteryState& state, const StringView& view, double blocks,
                             Watched& watched) const {
    if (!state.voltage_v.value || !view.median_voltage_v) return false;
    if (watched.still_voltage_v != state.voltage_v.value) {
        watched.still_voltage_v = state.voltage_v.value;
        watched.median_then_v = *view.median_voltage_v;
    }
    const bool has_others = view.known_voltages >= 4;
    return has_others && std::abs(*view.median_voltage_v - watched.median_then_v) > frozen_v * blocks;
}

// Why the charge cannot be told; empty: not for a sensor. One cause is one alert: the current is that of all
// batteries of the string, and its first one says so.
std::string_view AgeingAlerts::fault_of_charge(BatteryIndex battery, const Batteries& batteries) const {
    const auto at_fault = [&](BatteryIndex each) {
        const Estimate& soc = batteries.batteries()[position(each)].soc_pct;
        return !soc.value && soc.reason == "sensor_fault";
    };
    if (!at_fault(battery)) return "";
    const auto& others = model_.strings[position(model_.batteries[position(battery)].string)].batteries;
    if (!std::ranges::all_of(others, at_fault)) return "voltage, which does not go with the current";
    return others.front() == battery ? "current, which does not go with the voltages or with its UPS" : "";
}

// A device that does not answer has its own alert, device_offline: one cause is one alert.
void AgeingAlerts::sensors(BatteryIndex battery, const Batteries& batteries, const DeviceWatch& devices,
                           Watched& watched, Report& report) const {
    const BatteryModel& of = model_.batteries[position(battery)];
    const BatteryState& state = batteries.batteries()[position(battery)];
    const double blocks = model_.strings[position(of.string)].nominal_voltage_v / 12;
    std::string_view faulty =
        is_frozen(state, batteries.view(of.string), blocks, watched) ? "voltage, frozen" : "";
    std::string_view stale;
    for (const Sensor& sensor : sensors_of_battery) {
        const Measurement& measured = state.*sensor.measured;
        const auto& point = of.*sensor.point;
        if (!point || measured.value) continue;
        const bool answers = devices.states()[position(point->device)].status == DeviceStatus::online;
        if (says_fault(measured.reason)) faulty = sensor.name;
        if (answers && says_stale(measured.reason)) stale = sensor.name;
    }
    if (faulty.empty()) faulty = fault_of_charge(battery, batteries);
    const auto judge = [&](RuleId rule, Latch& latch, std::string_view which) {
        if (!rules_.enabled(rule)) return;
        latch.update(!which.empty(), !which.empty(), rules_[rule].delay, 1, report.moment.steady);
        tell(slots_.number(battery), rule, latch, which, std::nullopt, report);
    };
    judge(RuleId::sensor_fault, watched.fault, faulty);
    judge(RuleId::data_stale, watched.stale, stale);
}

void AgeingAlerts::start_anew(BatteryIndex battery) {
    Watched& watched = watched_[position(battery)];
    watched.soh = watched.rul_warning = watched.rul_warning_early = {};
    watched.rul_critical = watched.rul_critical_early = {};
    watched.runaway = {};
    watched.soh_as_of = {};
    watched.is_tested = false;
    watched.hour_ago_c.reset();
    watched.c_per_hour = 0;
}

void AgeingAlerts::take_over(StringIndex string, const AgeingAlerts& before, StringIndex old_string) {
    strings_[position(string)] = before.strings_[position(old_string)];
    const auto& batteries = model_.strings[position(string)].batteries;
    const auto& old_batteries = before.model_.strings[position(old_string)].batteries;
    for (std::size_t i = 0; i < batteries.size(); ++i) {
        watched_[position(batteries[i])] = before.watched_[position(old_batteries[i])];
    }
}

void AgeingAlerts::assume(const Alert& alert) {
    const auto found = slots_.find(alert.subject);
    if (!found) return;
    const SubjectKind kind = slots_.kind(*found);
    if (kind == SubjectKind::string && alert.type == "estimate_unknown") {
        strings_[slots_.index(*found)].untested.set(true);
    }
    if (kind != SubjectKind::battery) return;
    Watched& watched = watched_[slots_.index(*found)];
    if (alert.type == "soh_degraded") watched.soh.assume(alert.severity);
    // Where two rules raise one type of alert, the threshold tells which of them had.
    if (alert.type == "rul_warning") {
        const bool is_early = alert.threshold == rules_[RuleId::rul_warning_early].warning;
        (is_early ? watched.rul_warning_early : watched.rul_warning).assume(alert.severity);
    }
    if (alert.type == "rul_critical") {
        const bool is_early = alert.threshold == rules_[RuleId::rul_critical_early].critical;
        (is_early ? watched.rul_critical_early : watched.rul_critical).assume(alert.severity);
    }
    if (alert.type == "thermal_runaway") watched.runaway.set(true);
    if (alert.type == "sensor_fault") watched.fault.set(true);
    if (alert.type == "data_stale") watched.stale.set(true);
}

}  // namespace sitepower
