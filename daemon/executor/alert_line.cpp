#include "daemon/executor/alert_line.hpp"

#include <fmt/format.h>

#include "daemon/journal/messages.hpp"

namespace sitepower {

namespace {

std::string by_whom(const std::string& who, const std::string& note) {
    return note.empty() ? who : fmt::format("{} ({})", who, note);
}

}  // namespace

std::string alert_line(const AlertChange& change) {
    const auto& alert = change.alert;
    const auto start = fmt::format("{} {}: {} {}", to_string(alert.subject.kind), alert.subject.id,
                                   to_string(alert.severity), alert.type);
    if (change.transition == AlertTransition::acknowledged) {
        return fmt::format("{} acknowledged by {}: {}", start,
                           by_whom(alert.acknowledged_by, alert.acknowledgment_note), alert.message);
    }
    if (alert.is_active()) {
        return fmt::format("{} {}: {}", start, to_string(change.transition), alert.message);
    }
    if (alert.resolved_by == condition_cleared)
        return fmt::format("{} is over (it was: {})", start, alert.message);
    return fmt::format("{} resolved by {} (it was: {})", start,
                       by_whom(alert.resolved_by, alert.resolution_note), alert.message);
}

const journal::Kind& alert_kind(const AlertChange& change) {
    if (change.transition == AlertTransition::acknowledged) return journal::alert_acknowledged;
    return change.alert.is_active() ? journal::alert_triggered : journal::alert_resolved;
}

journal::Priority alert_priority(const AlertChange& change) {
    const auto& alert = change.alert;
    if (!alert.is_active() || change.transition == AlertTransition::acknowledged)
        return journal::Priority::notice;
    switch (alert.severity) {
        case Severity::critical:
            return journal::Priority::critical;
        case Severity::warning:
            return journal::Priority::warning;
        case Severity::info:
            return journal::Priority::info;
    }
    return journal::Priority::warning;
}

}  // namespace sitepower
