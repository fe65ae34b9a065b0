#include "core/site/device_alarms.hpp"

#include <algorithm>
#include <string_view>

#include "core/alert/wording.hpp"

namespace sitepower {
namespace {

constexpr std::size_t most_named = 5;
constexpr std::string_view and_more = " more";

// One cause is one alert: that a UPS runs from its batteries is the alert of ups_on_battery.
bool is_told_otherwise(const SiteModel& model, std::size_t device, std::size_t slot) {
    return std::ranges::any_of(model.upses, [&](const UpsModel& ups) {
        if (position(ups.device) != device || !ups.on_battery) return false;
        const std::string_view name = model.devices[device].points[slot].name;
        return (position(ups.on_battery->device) == device && ups.on_battery->slot == slot) ||
               name.ends_with("on_battery");
    });
}

}  // namespace

DeviceAlarms::DeviceAlarms(const SiteModel& model, const RuleSet& rules, const AlertSlots& slots)
    : rules_(rules), slots_(slots), devices_(model.devices.size()) {
    for (std::size_t i = 0; i < devices_.size(); ++i) {
        Watched& watched = devices_[i];
        for (const DeviceAlarm& alarm : model.devices[i].alarms) {
            if (!is_told_otherwise(model, i, alarm.slot)) watched.alarms.push_back(alarm);
        }
        watched.set.resize(watched.alarms.size());
    }
}

void DeviceAlarms::evaluate(DeviceIndex device, std::span<const LatestValue> values, AlertBook& book,
                            const Moment& moment, Effects& effects) {
    Watched& watched = devices_[position(device)];
    const Rule& rule = rules_[RuleId::device_alarm];
    if (watched.alarms.empty() || !rules_.enabled(rule.id) || !read(watched, values)) return;
    const auto severity = gravest(watched);
    // The flag that raised it may be in a poll group that is yet to come.
    watched.is_assumed = watched.is_assumed && std::ranges::any_of(watched.alarms, [&](const auto& alarm) {
                             return !values[alarm.slot].seen;
                         });
    if (watched.is_assumed &&
        (severity < watched.severity || (severity == watched.severity && watched.is_partly_named))) {
        return;
    }
    watched.latch.update(severity.has_value(), severity.has_value(), rule.delay, rule.readings,
                         moment.steady);
    if (severity) {
        watched.severity = *severity;
        watched.detail = names(watched);
    }
    Observation observation;
    observation.rule = rule.id;
    observation.detail = watched.detail;
    if (watched.latch.is_on()) observation.severity = watched.severity;
    book.observe(slots_.slot(slots_.number(device), rule.id), observation, moment, effects);
}

bool DeviceAlarms::read(Watched& watched, std::span<const LatestValue> values) {
    bool any_known = false;
    for (std::size_t i = 0; i < watched.alarms.size(); ++i) {
        const LatestValue& value = values[watched.alarms[i].slot];
        if (value.seen && value.quality == Quality::good) watched.set[i] = value.value != 0;
        any_known = any_known || watched.set[i].has_value();
    }
    return any_known;
}

std::optional<Severity> DeviceAlarms::gravest(const Watched& watched) {
    std::optional<Severity> gravest;
    for (std::size_t i = 0; i < watched.alarms.size(); ++i) {
        if (watched.set[i].value_or(false))
            gravest = std::max(gravest, std::optional(watched.alarms[i].severity));
    }
    return gravest;
}

// Gravest first, in the order of the profile.
std::string DeviceAlarms::names(const Watched& watched) {
    std::string text;
    std::size_t count = 0;
    for (const Severity severity : {Severity::critical, Severity::warning, Severity::info}) {
        for (std::size_t i = 0; i < watched.alarms.size(); ++i) {
            if (!watched.set[i].value_or(false) || watched.alarms[i].severity != severity) continue;
            if (++count > most_named) continue;
            if (!text.empty()) text += ", ";
            text += watched.alarms[i].label;
        }
    }
    if (count > most_named) text += " and " + std::to_string(count - most_named) + std::string(and_more);
    return text;
}

void DeviceAlarms::assume(const Alert& alert) {
    const auto subject = slots_.find(alert.subject);
    if (!subject || alert.type != "device_alarm") return;
    Watched& watched = devices_[slots_.index(*subject)];
    watched.latch.set(true);
    watched.severity = alert.severity;
    watched.is_assumed = true;
    // What it named is still set until it is read: otherwise it would join anew, and who acknowledged it
    // would have done so in vain.
    const auto detail = detail_of(rules_[RuleId::device_alarm], alert.message);
    watched.is_partly_named = detail.ends_with(and_more);
    const auto named = parts_of(detail);
    for (std::size_t i = 0; i < watched.alarms.size(); ++i) {
        const std::string& label = watched.alarms[i].label;
        if (std::ranges::any_of(named, [&](std::string_view part) {
                return part == label || part.starts_with(label + " and ");
            }))
            watched.set[i] = true;
    }
}

}  // namespace sitepower
