#include "daemon/executor/alert_line.hpp"

#include <fmt/format.h>

namespace sitepower {

std::string alert_line(const AlertChange& change) {
    const auto& alert = change.alert;
    const auto start = fmt::format("{} {}: {} {}", to_string(alert.subject.kind), alert.subject.id,
                                   to_string(alert.severity), alert.type);
    if (alert.is_active()) {
        return fmt::format("{} {}: {}", start, to_string(change.transition), alert.message);
    }
    return fmt::format("{} is over (it was: {})", start, alert.message);
}

journal::Priority alert_priority(const Alert& alert) {
    if (!alert.is_active()) return journal::Priority::notice;
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
