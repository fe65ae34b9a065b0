#include "daemon/control/cap_sender.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "daemon/planner/present.hpp"

namespace sitepower {
namespace {

// As for caps that are written to devices: what a meter is off.
constexpr double tolerance_share = 0.1;
constexpr double least_tolerance_kw = 1;

std::string topic_of(const CappedClass& capped) {
    return "control/" + capped.id;
}

}  // namespace

void CapSender::configure(std::shared_ptr<const ControlSettings> settings) {
    const auto before = std::exchange(entries_, {});
    const auto old = std::exchange(settings_, std::move(settings));
    if (settings_) {
        for (const auto& capped : settings_->caps)
            entries_.push_back(std::make_shared<Entry>(Entry{.settings = &capped}));
    }
    for (const auto& gone : before) {
        const auto stays = std::ranges::any_of(
            entries_, [&](const auto& entry) { return entry->settings->id == gone->settings->id; });
        if (!stays) outlets_.clear(topic_of(*gone->settings));
    }
    judge();
}

// Empty without a plan to go by.
std::optional<double> CapSender::planned_kw(const CappedClass& capped, Time now) const {
    const auto& plan = planner_.report();
    const auto& allocated = planner_.allocation();
    const bool is_valid = plan && allocated && plan->is_in_force(now);
    if (!is_valid || capped.index >= allocated->allocation.awards.size()) return std::nullopt;
    const auto& award = allocated->allocation.awards[capped.index];
    return award.load_kw();
}

void CapSender::tick() {
    const auto now = outlets_.now();
    for (const auto& entry : std::vector(entries_)) {
        const auto& settings = *entry->settings;
        entry->planned_kw = planned_kw(settings, now);
        const double wanted_kw = entry->planned_kw.value_or(settings.safe_cap_kw);
        const bool anew = !entry->said_kw || std::abs(wanted_kw - *entry->said_kw) > settings.deadband_kw;
        const auto pause = entry->refusal.empty() ? settings.repeat : retry_pause;
        const bool due = !entry->said || now < *entry->said || now >= *entry->said + pause;
        if (!entry->waiting && (due || (anew && entry->refusal.empty()))) say(entry, wanted_kw, now);
        tell(*entry, false);
    }
    judge();
}

void CapSender::end() {
    const auto now = outlets_.now();
    for (const auto& entry : entries_) say(entry, entry->settings->safe_cap_kw, now);
    entries_.clear();
}

void CapSender::say(const std::shared_ptr<Entry>& entry, double kw, Time now) {
    const auto& settings = *entry->settings;
    entry->waiting = true;
    entry->said = now;
    entry->said_kw = kw;
    auto id = fmt::format("{}-{}-{}", settings.id, to_ms(now), ++commands_);
    Json body{{"load_class", settings.id},
              {"cap_kw", kw},
              {"safe_cap_kw", settings.safe_cap_kw},
              {"safe_cap_from", format_time(now + 3 * settings.repeat)}};
    actuators_.order(settings.actuator, id, kw, std::move(body), now,
                     [this, kw, known = std::weak_ptr(entry)](const std::string& why_not) {
                         const auto still = known.lock();
                         if (!still) return;  // of a configuration that is no longer in force
                         still->waiting = false;
                         still->refusal = why_not;
                         if (why_not.empty()) {
                             // A lower cap needs its time.
                             if (!still->acknowledged_kw || kw < *still->acknowledged_kw)
                                 still->in_force = outlets_.now();
                             still->acknowledged_kw = kw;
                         }
                         tell(*still, false);
                         judge();
                     });
}

// Why the cap does not count as followed; empty: it does, or that is not known yet.
std::string CapSender::trouble_of(const Entry& entry, Time now) const {
    if (!entry.refusal.empty()) return entry.refusal;
    const auto measured_kw = known_kw(site_, entry.settings->power);
    if (!measured_kw || !entry.acknowledged_kw || now < *entry.in_force + entry.settings->effect_within)
        return {};
    const double most_kw =
        *entry.acknowledged_kw + std::max(tolerance_share * *entry.acknowledged_kw, least_tolerance_kw);
    if (*measured_kw <= most_kw) return {};
    return fmt::format("it draws more than the {:.1f} kW that were acknowledged", *entry.acknowledged_kw);
}

ControlStatus CapSender::status_of(const Entry& entry, Time now) const {
    using dispatch::ControlState;
    using dispatch::ControlTrouble;
    ControlStatus status{.id = entry.settings->id,
                         .subject = ControlSubject::load_class,
                         .device_id = "command/" + entry.settings->actuator.topic,
                         .state = entry.acknowledged_kw ? ControlState::controlling : ControlState::preparing,
                         .reason = trouble_of(entry, now),
                         .wanted_kw = entry.planned_kw,
                         .setpoint_kw = entry.acknowledged_kw,
                         .measured_kw = known_kw(site_, entry.settings->power)};
    if (!status.reason.empty())
        status.trouble = entry.refusal.empty() ? ControlTrouble::ignores : ControlTrouble::not_written;
    return status;
}

std::vector<ControlStatus> CapSender::capped() const {
    std::vector<ControlStatus> all;
    for (const auto& entry : entries_) all.push_back(status_of(*entry, outlets_.now()));
    return all;
}

void CapSender::tell_again() {
    for (const auto& entry : entries_) tell(*entry, true);
}

// When state, cap or trouble have changed.
void CapSender::tell(Entry& entry, bool anew) {
    const auto now = status_of(entry, outlets_.now());
    auto text = fmt::format("{} {} {}", to_string(now.state), now.reason, now.setpoint_kw.value_or(-1));
    if (text == entry.told && !anew) return;
    entry.told = std::move(text);
    Record record;
    record.set("load_class", now.id).set("device", now.device_id).set("state", to_string(now.state));
    record.maybe("setpoint_kw", now.setpoint_kw, "not_acknowledged");
    record.maybe("measured_kw", now.measured_kw, "not_known");
    record.set("trouble", to_string(now.trouble));
    record.text("trouble_reason", now.reason, "no_trouble");
    outlets_.tell_retained(topic_of(*entry.settings), record.take());
}

void CapSender::judge() {
    const auto now = outlets_.now();
    std::string trouble;
    for (const auto& entry : entries_) {
        if (const auto why = trouble_of(*entry, now); !why.empty())
            trouble += fmt::format("{}{}: {}", trouble.empty() ? "" : "; ", entry->settings->id, why);
    }
    if (trouble == told_trouble_) return;
    told_trouble_ = trouble;
    outlets_.condition("cap_not_followed", !trouble.empty(), trouble);
}

}  // namespace sitepower
