#include "daemon/lab/replay/alert_comparison.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sitepower::lab {
namespace {

bool follows_from_frames(const Alert& alert) {
    return alert.subject.kind == SubjectKind::battery || alert.subject.kind == SubjectKind::string ||
           alert.subject.kind == SubjectKind::ups;
}

bool is_about_the_same(const Alert& a, const Alert& b) {
    return a.type == b.type && a.subject == b.subject;
}

std::string name_of(const Alert& alert) {
    return fmt::format("{} of {} at {}", alert.type, alert.subject.id, format_time(alert.triggered_at));
}

}  // namespace

void AlertComparison::begin(Time first_frame) {
    starts_.push_back({first_frame, first_frame});
}

void AlertComparison::look(std::span<const AlertChange> changes, Time now) {
    if (!starts_.empty()) starts_.back().last = now;
    for (const AlertChange& change : changes) {
        if (change.transition == AlertTransition::triggered && follows_from_frames(change.alert)) {
            raised_.push_back(change.alert);
        }
    }
}

bool AlertComparison::was_reached(Time time) const {
    return std::ranges::any_of(
        starts_, [&](const Span& span) { return span.first <= time && time + tolerance <= span.last; });
}

AlertDifference AlertComparison::compare(std::span<const Alert> told) const {
    AlertDifference difference;
    std::vector<bool> found(raised_.size(), false);
    for (const Alert& alert : told) {
        if (!follows_from_frames(alert)) continue;
        std::size_t i = 0;
        while (i < raised_.size() &&
               (found[i] || !is_about_the_same(raised_[i], alert) ||
                std::chrono::abs(raised_[i].triggered_at - alert.triggered_at) > tolerance)) {
            ++i;
        }
        if (i < raised_.size()) {
            found[i] = true;
            ++difference.compared;
        } else if (was_reached(alert.triggered_at)) {
            difference.only_told.push_back(name_of(alert));
        }
    }
    for (std::size_t i = 0; i < raised_.size(); ++i) {
        const Alert& alert = raised_[i];
        // A replay that begins in the middle raises it when its delay is over.
        const bool was_open = std::ranges::any_of(told, [&](const Alert& before) {
            return is_about_the_same(before, alert) && before.triggered_at < starts_.front().first &&
                   (!before.resolved_at || *before.resolved_at > alert.triggered_at);
        });
        if (!found[i] && !was_open && was_reached(alert.triggered_at)) {
            difference.only_replayed.push_back(name_of(alert));
        }
    }
    return difference;
}

}  // namespace sitepower::lab
