#include "core/site/plant_alerts.hpp"

#include <algorithm>
#include <cmath>

#include "core/alert/wording.hpp"

namespace sitepower {

PlantAlerts::PlantAlerts(const SiteModel& model, const RuleSet& rules, const AlertSlots& slots)
    : model_(model),
      rules_(rules),
      slots_(slots),
      on_battery_(model.upses.size()),
      autonomy_(model.upses.size()),
      offline_(model.devices.size()) {
    for (const Rule& rule : sitepower::rules()) {
        // alerts_full is the book's own.
        if (rule.subject != SubjectKind::site || rule.id == RuleId::alerts_full) continue;
        systems_.push_back(
            {.rule = rule.id, .message = "", .latch = {}, .holds = false, .unconfirmed_since = {}});
    }
}

void PlantAlerts::evaluate(const UpsState& state, AlertBook& book, const Moment& moment, Effects& effects) {
    Latch& latch = on_battery_[position(state.ups)];
    const Rule& rule = rules_[RuleId::ups_on_battery];
    if (!state.on_battery) {
        latch.pause();
        return;
    }
    latch.update(*state.on_battery, *state.on_battery, rule.delay, rule.readings, moment.steady);
    tell(slots_.number(state.ups), rule, latch.is_on(), {}, book, moment, effects);
}

void PlantAlerts::evaluate_autonomy(const UpsState& state, AlertBook& book, const Moment& moment,
                                    Effects& effects) {
    const Rule& rule = rules_[RuleId::autonomy_low];
    if (!rules_.enabled(rule.id)) return;
    Condition& condition = autonomy_[position(state.ups)];
    const auto& required_min = model_.upses[position(state.ups)].required_autonomy_min;
    Observation observation;
    observation.rule = rule.id;
    std::string detail;
    if (!required_min || *required_min <= 0) {
        condition.clear();  // also of an alert from before a restart
    } else if (!state.autonomy_p10_min) {
        condition.pause();
        return;
    } else {
        const Limits limits(rule);
        observation.actual = 100 * *state.autonomy_p10_min / *required_min;
        condition.update(*observation.actual, limits, moment.steady);
        observation.severity = condition.level();
        if (observation.severity) observation.threshold = limits.of(*observation.severity);
        detail = std::to_string(std::lround(*state.autonomy_p10_min)) + " of " +
                 std::to_string(std::lround(*required_min)) + " min";
        observation.detail = detail;
    }
    book.observe(slots_.slot(slots_.number(state.ups), rule.id), observation, moment, effects);
}

void PlantAlerts::evaluate(const DeviceState& state, const Wiring& wiring, AlertBook& book,
                           const Moment& moment, Effects& effects) {
    if (state.status == DeviceStatus::unknown) return;
    Latch& latch = offline_[position(state.device)];
    const Rule& rule = rules_[RuleId::device_offline];
    const bool offline = state.status == DeviceStatus::offline;
    latch.update(offline, offline, rule.delay, rule.readings, moment.steady);
    Observation observation;
    observation.detail = state.reason;
    observation.affected = wiring.affected(state.device);
    tell(slots_.number(state.device), rule, latch.is_on(), observation, book, moment, effects);
}

void PlantAlerts::tell(SubjectNumber subject, const Rule& rule, bool holds, Observation observation,
                       AlertBook& book, const Moment& moment, Effects& effects) const {
    if (!rules_.enabled(rule.id)) return;
    observation.rule = rule.id;
    if (holds) observation.severity = rule.severity;
    book.observe(slots_.slot(subject, rule.id), observation, moment, effects);
}

PlantAlerts::System* PlantAlerts::find_system(std::string_view type) {
    const auto found = std::ranges::find_if(
        systems_, [&](const System& system) { return rules_[system.rule].type == type; });
    return found == systems_.end() ? nullptr : &*found;
}

Status PlantAlerts::set(const SystemCondition& condition) {
    System* system = find_system(condition.type);
    if (system == nullptr) {
        return Error{ErrorCode::not_found, "no rule of the site has the type '" + condition.type + "'", ""};
    }
    system->holds = condition.holds;
    system->message = condition.message;
    system->unconfirmed_since.reset();
    return Done{};
}

void PlantAlerts::evaluate_system(AlertBook& book, const Moment& moment, Effects& effects) {
    for (System& system : systems_) {
        const Rule& rule = rules_[system.rule];
        // A database was set aside once and for all: only a person closes that.
        const bool forgotten = system.unconfirmed_since && rule.id != RuleId::database_set_aside &&
                               moment.steady - *system.unconfirmed_since >= confirmation_limit;
        if (forgotten) system.holds = false;
        system.latch.update(system.holds, system.holds, rule.delay, rule.readings, moment.steady);
        Observation observation;
        observation.detail = system.message;
        tell(AlertSlots::site(), rule, system.latch.is_on(), observation, book, moment, effects);
    }
}

void PlantAlerts::take_over(DeviceIndex device, const PlantAlerts& before, DeviceIndex old_device) {
    offline_[position(device)] = before.offline_[position(old_device)];
    const auto ups = std::ranges::find(model_.upses, device, &UpsModel::device);
    const auto old_ups = std::ranges::find(before.model_.upses, old_device, &UpsModel::device);
    if (ups == model_.upses.end() || old_ups == before.model_.upses.end()) return;
    const auto index = static_cast<std::size_t>(ups - model_.upses.begin());
    const auto old_index = static_cast<std::size_t>(old_ups - before.model_.upses.begin());
    on_battery_[index] = before.on_battery_[old_index];
    autonomy_[index] = before.autonomy_[old_index];
}

void PlantAlerts::assume(const Alert& alert, const Moment& moment) {
    const auto subject = slots_.find(alert.subject);
    if (!subject) return;
    const std::size_t index = slots_.index(*subject);
    if (alert.type == "ups_on_battery") on_battery_[index].set(true);
    if (alert.type == "autonomy_low") autonomy_[index].assume(alert.severity);
    if (alert.type == "device_offline") offline_[index].set(true);
    if (System* system = find_system(alert.type); system != nullptr) {
        system->holds = true;
        system->message = detail_of(rules_[system->rule], alert.message);
        system->latch.set(true);
        system->unconfirmed_since = moment.steady;
    }
}

}  // namespace sitepower
