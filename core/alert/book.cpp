#include "core/alert/book.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "core/alert/identity.hpp"
#include "core/alert/wording.hpp"

namespace sitepower {
namespace {

void tell(AlertTransition transition, const Alert& alert, Effects& effects) {
    effects.alerts.push_back({transition, alert});
}

void forget_acknowledgement(Alert& alert) {
    alert.acknowledged_at.reset();
    alert.acknowledged_by.clear();
    alert.acknowledgment_note.clear();
}

}  // namespace

AlertBook::AlertBook(const AlertSlots& slots, const RuleSet& rules)
    : numbers_(slots), rules_(rules), maintenance_(slots), slots_(slots.size()), summary_(slots.subjects()) {}

void AlertBook::unmute(SlotNumber slot) {
    if (!at(slot).muted) return;
    at(slot).muted.reset();
    by_hand_.erase(slot);
    listed_.erase(slot);
}

void AlertBook::observe(SlotNumber slot, const Observation& observation, const Moment& moment,
                        Effects& effects) {
    Slot& here = at(slot);
    const bool listed = is_listed(slot, observation);
    const bool joined = !listed && joins(slot, observation);
    if (observation.severity == here.severity && listed) {
        const bool settled = !observation.severity || here.open >= 0 || here.muted || !has_room(slot);
        if (settled) return;
    }
    const auto before = here.severity;
    here.severity = observation.severity;
    if (!observation.severity) {
        unmute(slot);
        if (here.open < 0) return;
        here.quiet_since = moment.steady;
        here.quiet_told = false;
        Alert& alert = open_[static_cast<std::size_t>(here.open)];
        if (alert.flaps > 0) {
            alert.message = quiet_message(std::string(without_quiet(alert.message)), alert.flaps);
        } else {
            close(slot, std::string(condition_cleared), "", moment, effects);
        }
        return;
    }
    if (here.open < 0) {
        if (!here.muted || *observation.severity > *here.muted || joined) {
            unmute(slot);
            if (has_room(slot)) rise(slot, observation, moment, effects);
        }
    } else {
        if (!before) count_flap(slot, observation, effects);
        change(slot, observation, listed, joined, effects);
    }
    if (!listed && (here.open >= 0 || here.muted)) listed_.insert_or_assign(slot, observation.detail);
}

// Also where nothing hangs on the detail.
bool AlertBook::is_listed(SlotNumber slot, const Observation& observation) const {
    const Rule& rule = rules_[observation.rule];
    if (!observation.severity || !(rule.lists || rule.follows)) return true;
    const auto found = listed_.find(slot);
    return found != listed_.end() && found->second == observation.detail;
}

// It lists something that it did not list before.
bool AlertBook::joins(SlotNumber slot, const Observation& observation) const {
    if (!rules_[observation.rule].lists) return false;
    const auto found = listed_.find(slot);
    if (found == listed_.end()) return false;
    const auto before = parts_of(found->second);
    const auto now = parts_of(observation.detail);
    return std::ranges::any_of(
        now, [&](std::string_view part) { return std::ranges::find(before, part) == before.end(); });
}

void AlertBook::take_over_list(SlotNumber slot, const Alert& alert) {
    const Rule* rule = find_rule(alert.type);
    if (rule == nullptr || !(rule->lists || rule->follows)) return;
    listed_.insert_or_assign(slot, std::string(detail_of(*rule, alert.message)));
}

bool AlertBook::has_room(SlotNumber slot) const {
    return open_.size() < most_open || slot == numbers_.slot(AlertSlots::site(), RuleId::alerts_full);
}

void AlertBook::rise(SlotNumber slot, const Observation& observation, const Moment& moment,
                     Effects& effects) {
    if (!reopen(slot, observation, moment, effects)) open_new(slot, observation, moment, effects);
}

void AlertBook::open_new(SlotNumber slot, const Observation& observation, const Moment& moment,
                         Effects& effects) {
    const Rule& rule = rules_[observation.rule];
    Alert alert;
    alert.type = rule.type;
    alert.subject = numbers_.subject(numbers_.subject_of(slot));
    alert.severity = *observation.severity;
    alert.triggered_at = moment.wall;
    alert.held = maintenance_.covers(numbers_.subject_of(slot), moment.wall);
    alert.id = make_identity(alert.type, alert.subject.id, next_identity_time(moment.wall));
    describe(alert, observation);
    tell(AlertTransition::triggered, alert, effects);
    insert(slot, std::move(alert));
}

bool AlertBook::reopen(SlotNumber slot, const Observation& observation, const Moment& moment,
                       Effects& effects) {
    const auto found = std::ranges::find_if(recent_, [&](const Closed& closed) {
        return closed.slot == slot && closed.alert.resolved_by == condition_cleared &&
               moment.steady - closed.at < flap_window;
    });
    if (found == recent_.end()) return false;
    Alert alert = std::move(found->alert);
    recent_.erase(found);
    alert.resolved_at.reset();
    alert.resolved_by.clear();
    alert.severity = *observation.severity;
    ++alert.flaps;
    alert.held = maintenance_.covers(numbers_.subject_of(slot), moment.wall);
    // It was told to be over, so it is news, and who acknowledged it did so before.
    forget_acknowledgement(alert);
    describe(alert, observation);
    tell(AlertTransition::triggered, alert, effects);
    insert(slot, std::move(alert));
    return true;
}

// Told at 1, 2, 4, 8, ... so that a flapping contact does not flood those who listen.
void AlertBook::count_flap(SlotNumber slot, const Observation& observation, Effects& effects) {
    Alert& alert = open_[static_cast<std::size_t>(at(slot).open)];
    ++alert.flaps;
    describe(alert, observation);
    const bool was_quiet = std::exchange(at(slot).quiet_told, false);
    if (!was_quiet && !std::has_single_bit(alert.flaps)) return;
    tell(AlertTransition::changed, alert, effects);
}

// What has become worse or more needs to be acknowledged again.
void AlertBook::change(SlotNumber slot, const Observation& observation, bool is_listed, bool joins,
                       Effects& effects) {
    Alert& alert = open_[static_cast<std::size_t>(at(slot).open)];
    if (alert.severity == *observation.severity && is_listed) return;
    if (*observation.severity > alert.severity || joins) forget_acknowledgement(alert);
    alert.severity = *observation.severity;
    describe(alert, observation);
    tell(AlertTransition::changed, alert, effects);
    summarise(numbers_.subject_of(slot));
}

void AlertBook::describe(Alert& alert, const Observation& observation) const {
    const Rule& rule = rules_[observation.rule];
    alert.threshold = observation.threshold;
    alert.actual = observation.actual;
    alert.unit = rule.unit;
    alert.affected = observation.affected;
    alert.message = alert_message(rule, observation);
}

void AlertBook::close(SlotNumber slot, std::string by, std::string note, const Moment& moment,
                      Effects& effects) {
    const auto index = static_cast<std::size_t>(at(slot).open);
    Alert alert = std::move(open_[index]);
    open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(index));
    open_slots_.erase(open_slots_.begin() + static_cast<std::ptrdiff_t>(index));
    at(slot).open = -1;
    if (!at(slot).muted) listed_.erase(slot);
    for (auto i = index; i < open_.size(); ++i) at(open_slots_[i]).open = static_cast<std::int32_t>(i);
    alert.resolved_at = moment.wall;
    alert.resolved_by = std::move(by);
    alert.resolution_note = std::move(note);
    summarise(numbers_.subject_of(slot));
    tell(AlertTransition::resolved, alert, effects);
    if (recent_.size() >= most_recent) recent_.erase(recent_.begin());
    recent_.push_back({std::move(alert), slot, moment.steady});
}

void AlertBook::insert(SlotNumber slot, Alert alert) {
    at(slot).open = static_cast<std::int32_t>(open_.size());
    open_.push_back(std::move(alert));
    open_slots_.push_back(slot);
    summarise(numbers_.subject_of(slot));
}

void AlertBook::summarise(SubjectNumber subject) {
    OpenAlerts summary;
    for (std::size_t i = 0; i < open_.size(); ++i) {
        if (numbers_.subject_of(open_slots_[i]) != subject) continue;
        ++summary.count;
        if (!summary.worst || open_[i].severity > *summary.worst) summary.worst = open_[i].severity;
    }
    summary_[static_cast<std::size_t>(subject)] = summary;
    changed_.push_back(subject);
}

void AlertBook::tick(const Moment& moment, Effects& effects) {
    for (std::size_t i = open_.size(); i-- > 0;) {
        Slot& slot = at(open_slots_[i]);
        if (slot.severity) continue;
        const Duration quiet = moment.steady - slot.quiet_since;
        if (quiet >= quiet_told_after && !std::exchange(slot.quiet_told, true)) {
            tell(AlertTransition::changed, open_[i], effects);
        }
        if (quiet >= flap_window) {
            close(open_slots_[i], std::string(condition_cleared), "", moment, effects);
        }
    }
    const auto ended = effects.windows_ended.size();
    maintenance_.expire(moment.wall, effects.windows_ended);
    if (effects.windows_ended.size() != ended) announce_released(moment, effects);
    watch_room(moment, effects);
}

void AlertBook::announce_released(const Moment& moment, Effects& effects) {
    for (std::size_t i = 0; i < open_.size(); ++i) {
        Alert& alert = open_[i];
        if (!alert.held || maintenance_.covers(numbers_.subject_of(open_slots_[i]), moment.wall)) continue;
        alert.held = false;
        tell(AlertTransition::triggered, alert, effects);
    }
}

void AlertBook::watch_room(const Moment& moment, Effects& effects) {
    const auto slot = numbers_.slot(AlertSlots::site(), RuleId::alerts_full);
    if (open_.size() < most_open && !is_open(slot)) return;
    const auto waiting = std::ranges::count_if(
        slots_, [](const Slot& other) { return other.severity && other.open < 0 && !other.muted; });
    const Rule& rule = rules_[RuleId::alerts_full];
    Observation observation;
    observation.rule = rule.id;
    const bool this_one_waits = at(slot).severity && !is_open(slot) && !at(slot).muted;
    if (waiting > (this_one_waits ? 1 : 0)) observation.severity = rule.severity;
    observation.affected = static_cast<std::uint32_t>(waiting);
    observe(slot, observation, moment, effects);
}

// Two alerts never share an identity time, even when the clock stands still or was set back.
Time AlertBook::next_identity_time(Time wall) {
    last_identity_ = std::max(wall, last_identity_ + Duration{1});
    return last_identity_;
}

}  // namespace sitepower
