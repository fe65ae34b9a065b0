// An alert: a condition that people should know of, from triggered over acknowledged to resolved.
// Plain values; the life of an alert is run by core/alert's rules inside the engine.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/time.hpp"

namespace sitepower {

enum class Severity : std::uint8_t { info, warning, critical };

enum class SubjectKind : std::uint8_t { site, device, ups, string, battery };

// What the alert is about, by its identifier.
struct Subject {
    SubjectKind kind = SubjectKind::site;
    std::string id;
    bool operator==(const Subject&) const = default;
};

// What an alert is resolved by that nobody resolved by hand.
inline constexpr std::string_view condition_cleared = "condition_cleared";

struct Alert {
    std::string id;    // unique and stable, an identifier
    std::string type;  // "voltage_high", "device_offline", ...; a row of the table of alert rules
    Severity severity = Severity::warning;
    Subject subject;
    std::string message;              // one sentence for people
    std::optional<double> threshold;  // that was passed; empty for a condition, which has none
    std::optional<double> actual;     // when it was raised, or last changed
    std::string unit;                 // of both
    Time triggered_at{};              // wall clock, as all times of an alert
    std::optional<Time> resolved_at;
    std::string resolved_by;  // "condition_cleared", "configuration", or who did it by hand
    std::string resolution_note;
    std::optional<Time> acknowledged_at;
    std::string acknowledged_by;
    std::string acknowledgment_note;
    std::uint32_t affected = 0;  // how many parts hang on the subject, e.g. the 72 jars of a lost monitor
    std::uint32_t flaps = 0;     // how often it rose again while open
    bool held = false;           // raised inside a maintenance window: recorded, not announced

    bool is_active() const { return !resolved_at.has_value(); }
    bool is_pending() const { return is_active() && !acknowledged_at.has_value(); }
};

enum class AlertTransition : std::uint8_t { triggered, changed, acknowledged, resolved };

struct AlertChange {
    AlertTransition transition = AlertTransition::triggered;
    Alert alert;  // as it is after the transition
};

// A time in which alerts of a subject are recorded but not announced.
struct MaintenanceWindow {
    std::string id;
    Subject subject;
    Time from{};
    Time to{};
    std::string who;
    std::string why;
};

std::string_view to_string(Severity severity);
std::string_view to_string(SubjectKind kind);
std::string_view to_string(AlertTransition transition);

}  // namespace sitepower
