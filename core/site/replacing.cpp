// A battery or a whole string is replaced: what was learnt of the old one is handed out and forgotten, and
// the new one is known by its serial number from then on, whatever the site file says.
#include <algorithm>
#include <array>
#include <utility>

#include "core/site/engine.hpp"

namespace sitepower {
namespace {

// On what was learnt of the battery; alerts on what is measured clear by themselves.
constexpr std::array learnt_alerts{RuleId::resistance_drift, RuleId::thermal_runaway, RuleId::soh_degraded,
                                   RuleId::rul_warning, RuleId::rul_critical};

Result<std::vector<BatteryIndex>> batteries_of(const SiteModel& model, const Subject& subject) {
    if (subject.kind == SubjectKind::string) {
        const auto string = std::ranges::find(model.strings, subject.id, &StringModel::id);
        if (string != model.strings.end()) return string->batteries;
    } else if (subject.kind == SubjectKind::battery) {
        const auto battery = std::ranges::find(model.batteries, subject.id, &BatteryModel::id);
        if (battery != model.batteries.end()) {
            return std::vector{static_cast<BatteryIndex>(battery - model.batteries.begin())};
        }
    }
    return Error{ErrorCode::not_found, "there is no battery or string '" + subject.id + "'", ""};
}

std::string serial_of(const ReplaceBattery& request, const BatteryModel& battery, std::size_t count) {
    if (count < 2) return request.serial_number;
    return request.serial_number + "-" + std::to_string(battery.position);
}

Status check(const ReplaceBattery& request, const SiteModel& model, const std::vector<BatteryIndex>& which,
             Time now) {
    const auto& serial_number = request.serial_number;
    if (serial_number.empty() || serial_number.size() > ReplaceBattery::longest_text ||
        request.model.size() > ReplaceBattery::longest_text) {
        return Error{ErrorCode::validation_error,
                     "a new battery needs its serial number, of at most 64 bytes as its model", ""};
    }
    if (request.date > now) {
        return Error{ErrorCode::validation_error, "a battery is replaced today or before, not later", ""};
    }
    if (request.date < Time{}) {
        return Error{ErrorCode::validation_error, "the date is before 1970, when no such battery was made",
                     ""};
    }
    for (const BatteryIndex battery : which) {
        const BatteryModel& of = model.batteries[position(battery)];
        if (of.installed_date && request.date < *of.installed_date) {
            return Error{ErrorCode::validation_error,
                         "battery '" + of.id +
                             "' was itself put in after that date: mend the date, or its installed_date in "
                             "the site file",
                         ""};
        }
        if (of.serial_number != serial_of(request, of, which.size())) continue;
        return Error{ErrorCode::conflict,
                     "battery '" + of.id + "' has the serial number '" + of.serial_number + "' already", ""};
    }
    return Done{};
}

}  // namespace

void Site::State::on(const ReplaceBattery& request, Effects& effects) {
    const auto which = batteries_of(*model, request.subject);
    if (!which) {
        effects.refusal = which.error();
        return;
    }
    const auto checked = check(request, *model, *which, clock.moment().wall);
    if (!checked) {
        effects.refusal = checked.error();
        return;
    }
    for (const BatteryIndex battery : *which) {
        replace(battery, request, serial_of(request, model->batteries[position(battery)], which->size()),
                effects);
    }
    settle(effects);
}

void Site::State::replace(BatteryIndex battery, const ReplaceBattery& request, std::string serial_number,
                          Effects& effects) {
    BatteryModel& of = model->batteries[position(battery)];
    BatteryReplaced replaced{.battery = battery,
                             .old_serial_number = of.serial_number,
                             .serial_number = serial_number,
                             .model = request.model.empty() ? of.model : request.model,
                             .date = request.date,
                             .who = request.who,
                             .retired = memory_of(battery)};
    of.serial_number = std::move(serial_number);
    of.installed_date = replaced.date;
    of.model = replaced.model;
    effects.batteries_replaced.push_back(std::move(replaced));
    batteries.start_anew(battery);
    ageing.start_anew(battery);
    rest_watch.forget(battery);
    battery_alerts.start_anew(battery);
    ageing_alerts.start_anew(battery);
    for (const RuleId rule : learnt_alerts) {
        alerts.withdraw(slots.slot(slots.number(battery), rule), "the battery was replaced", clock.moment(),
                        effects);
    }
    batteries.touch(of.string);
}

// A date in the site file that is earlier by more than that is the old battery's, and no correction.
constexpr Duration corrected_within = std::chrono::days(31);

// The site file goes first again as soon as it names another serial number than it did then. Where it has
// caught up with the number, but still has the date of the old battery, date and model stay as they were
// told.
void Site::State::adopt(const BatteryMemory& memory) {
    if (!memory.replacement) return;
    const auto found = std::ranges::find(model->batteries, memory.battery, &BatteryModel::id);
    if (found == model->batteries.end()) return;
    const bool caught_up =
        found->serial_number == memory.serial_number &&
        found->installed_date.value_or(Time{}) < memory.replacement->date - corrected_within;
    if (!caught_up && found->serial_number != memory.replacement->configured_serial) return;
    found->serial_number = memory.serial_number;
    found->installed_date = memory.replacement->date;
    found->model = memory.replacement->model;
    ageing.start_anew(static_cast<BatteryIndex>(found - model->batteries.begin()));
}

BatteryMemory Site::State::memory_of(BatteryIndex battery) const {
    BatteryMemory memory = batteries.memory(battery);
    memory.ageing = ageing.memory(battery);
    memory.discharge = capacity_watch.memory(battery, clock.moment());
    memory.usual_float_current_a =
        ageing_alerts.usual_float_current_a(model->batteries[position(battery)].string);
    const BatteryModel& now = model->batteries[position(battery)];
    const BatteryModel& configured = as_configured->batteries[position(battery)];
    const bool is_replaced = now.serial_number != configured.serial_number ||
                             now.installed_date != configured.installed_date || now.model != configured.model;
    if (is_replaced) {
        memory.replacement = BatteryReplacement{.configured_serial = configured.serial_number,
                                                .date = now.installed_date.value_or(Time{}),
                                                .model = now.model};
    }
    return memory;
}

}  // namespace sitepower
