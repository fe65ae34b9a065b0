// What people ask of the book, and what it takes over from before a restart.
#include <algorithm>

#include "core/alert/book.hpp"

namespace sitepower {
namespace {

std::optional<Error> refuse_note(const std::string& note) {
    if (note.size() <= AlertBook::longest_note) return std::nullopt;
    return Error{ErrorCode::validation_error, "a note has at most 1000 bytes", ""};
}

}  // namespace

Result<std::size_t> AlertBook::find_open(std::string_view id) const {
    const auto found = std::ranges::find(open_, id, &Alert::id);
    if (found != open_.end()) return static_cast<std::size_t>(found - open_.begin());
    const bool closed =
        std::ranges::any_of(recent_, [id](const Closed& recent) { return recent.alert.id == id; });
    if (closed) return Error{ErrorCode::conflict, "alert '" + std::string(id) + "' is resolved already", ""};
    return Error{ErrorCode::not_found, "there is no open alert '" + std::string(id) + "'", ""};
}

// Of a subject and a type that are still watched.
std::optional<SlotNumber> AlertBook::find_slot(const Alert& alert) const {
    const bool watched = std::ranges::any_of(rules(), [&](const Rule& rule) {
        return applies_to(rule, alert.subject.kind) && rule.type == alert.type && rules_.enabled(rule.id);
    });
    const auto subject = numbers_.find(alert.subject);
    if (!watched || !subject) return std::nullopt;
    return numbers_.find_slot(*subject, alert.type);
}

Status AlertBook::acknowledge(std::string_view id, const std::string& who, const std::string& note,
                              const Moment& moment, Effects& effects) {
    if (auto refusal = refuse_note(note)) return *std::move(refusal);
    const auto index = find_open(id);
    if (!index) return index.error();
    Alert& alert = open_[*index];
    if (alert.acknowledged_at) {
        return Error{ErrorCode::conflict, "alert '" + alert.id + "' is acknowledged already", ""};
    }
    alert.acknowledged_at = moment.wall;
    alert.acknowledged_by = who;
    alert.acknowledgment_note = note;
    effects.alerts.push_back({AlertTransition::acknowledged, alert});
    return Done{};
}

Status AlertBook::resolve(std::string_view id, const std::string& who, const std::string& note,
                          const Moment& moment, Effects& effects) {
    if (auto refusal = refuse_note(note)) return *std::move(refusal);
    const auto index = find_open(id);
    if (!index) return index.error();
    const SlotNumber slot = open_slots_[*index];
    at(slot).muted = at(slot).severity;
    close(slot, who, note, moment, effects);
    if (at(slot).muted) by_hand_.insert_or_assign(slot, recent_.back().alert);
    return Done{};
}

void AlertBook::withdraw(SlotNumber slot, const std::string& note, const Moment& moment, Effects& effects) {
    Slot& here = at(slot);
    here.severity.reset();
    unmute(slot);
    if (here.open >= 0) close(slot, "configuration", note, moment, effects);
}

Status AlertBook::start_maintenance(MaintenanceWindow window, const Moment& moment, Effects& effects) {
    auto accepted = maintenance_.start(std::move(window), moment.wall);
    if (!accepted) return accepted.error();
    effects.windows_started.push_back(std::move(accepted).value());
    return Done{};
}

Status AlertBook::end_maintenance(const std::string& id, const Moment& moment, Effects& effects) {
    auto ended = maintenance_.end(id, moment.wall);
    if (!ended) return ended.error();
    effects.windows_ended.push_back(std::move(ended).value());
    announce_released(moment, effects);
    return Done{};
}

bool AlertBook::restore_open(const Alert& alert, const Moment& moment, Effects& effects) {
    last_identity_ = std::max(last_identity_, alert.triggered_at);
    const auto slot = find_slot(alert);
    if (slot && !is_open(*slot)) {
        at(*slot).severity = alert.severity;
        insert(*slot, alert);
        take_over_list(*slot, alert);
        return true;
    }
    Alert gone = alert;
    gone.resolved_at = moment.wall;
    gone.resolved_by = "configuration";
    effects.alerts.push_back({AlertTransition::resolved, std::move(gone)});
    return false;
}

bool AlertBook::restore_muted(const Alert& alert, const Moment& moment) {
    const auto slot = find_slot(alert);
    if (!slot || is_open(*slot)) return false;
    at(*slot).severity = at(*slot).muted = alert.severity;
    by_hand_.insert_or_assign(*slot, alert);
    take_over_list(*slot, alert);
    if (recent_.size() < most_recent) recent_.push_back({alert, *slot, moment.steady});
    return true;
}

void AlertBook::restore_window(const MaintenanceWindow& window, const Moment& moment, Effects& effects) {
    if (maintenance_.restore(window)) return;
    effects.windows_ended.push_back(window);
    effects.windows_ended.back().to = std::min(window.to, moment.wall);
}

std::vector<Alert> AlertBook::resolved_by_hand() const {
    std::vector<Alert> alerts;
    alerts.reserve(by_hand_.size());
    for (const auto& [slot, alert] : by_hand_) alerts.push_back(alert);
    return alerts;
}

}  // namespace sitepower
