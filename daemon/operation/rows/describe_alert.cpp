#include "daemon/operation/rows/describe_alert.hpp"

#include <algorithm>
#include <unordered_map>

namespace sitepower {
namespace {

bool is_about_device(const Alert& alert) {
    return alert.subject.kind == SubjectKind::device || alert.subject.kind == SubjectKind::ups;
}

bool is_about_battery(const Alert& alert) {
    return alert.subject.kind == SubjectKind::battery;
}

}  // namespace

Record describe_alert(const Alert& alert) {
    Record record;
    record.set("alert_id", alert.id);
    record.text("battery_id", is_about_battery(alert) ? alert.subject.id : std::string(),
                "not_about_a_battery");
    record.text("device_id", is_about_device(alert) ? alert.subject.id : std::string(), "not_about_a_device");
    record.set("subject_kind", to_string(alert.subject.kind)).set("subject_id", alert.subject.id);
    record.set("alert_type", alert.type).set("severity", to_string(alert.severity));
    record.set("message", alert.message);
    record.maybe("threshold_value", alert.threshold, "no_threshold");
    record.maybe("actual_value", alert.actual, "no_value").set("unit", alert.unit);
    record.set("triggered_at", alert.triggered_at);
    record.time("resolved_at", alert.resolved_at, "not_resolved");
    record.text("resolved_by", alert.resolved_by, "not_resolved");
    record.text("resolution_note", alert.resolution_note, alert.is_active() ? "not_resolved" : "no_note");
    record.set("is_acknowledged", alert.acknowledged_at.has_value());
    record.time("acknowledged_at", alert.acknowledged_at, "not_acknowledged");
    record.text("acknowledged_by", alert.acknowledged_by, "not_acknowledged");
    record.text("acknowledgment_note", alert.acknowledgment_note,
                alert.acknowledged_at ? "no_note" : "not_acknowledged");
    record.set("is_active", alert.is_active()).set("is_pending", alert.is_pending());
    record.set("affected", alert.affected).set("flaps", alert.flaps).set("is_held", alert.held);
    return record;
}

std::vector<Field> alert_fields() {
    return {{"alert_id", "text", "", "identifier"},
            {"battery_id", "text", "", "of an alert about a battery"},
            {"device_id", "text", "", "of an alert about a device or a UPS"},
            {"subject_kind", "text", "", "site, device, ups, string or battery"},
            {"subject_id", "text", "", "what it is about"},
            {"alert_type", "text", "", "row of the table of alert rules"},
            {"severity", "text", "", "info, warning or critical"},
            {"message", "text", "", "one sentence for people"},
            {"threshold_value", "number", "", "in `unit`"},
            {"actual_value", "number", "", "in `unit`"},
            {"unit", "text", "", "of threshold and actual value"},
            {"triggered_at", "time", "", "when it rose"},
            {"resolved_at", "time", "", "when it ended"},
            {"resolved_by", "text", "", "condition_cleared, or who did it by hand"},
            {"resolution_note", "text", "", "what they noted"},
            {"is_acknowledged", "boolean", "", "somebody has taken notice"},
            {"acknowledged_at", "time", "", "when"},
            {"acknowledged_by", "text", "", "who"},
            {"acknowledgment_note", "text", "", "what they noted"},
            {"is_active", "boolean", "", "not resolved"},
            {"is_pending", "boolean", "", "active and not acknowledged"},
            {"affected", "integer", "", "how many parts hang on the subject"},
            {"flaps", "integer", "", "how often it came back within 10 min"},
            {"is_held", "boolean", "", "raised in a maintenance window: recorded, not announced"}};
}

bool passes(const SiteModel& model, const AlertChoice& filter, const Alert& alert) {
    if (filter.active_only && !alert.is_active()) return false;
    if (alert.triggered_at < filter.from || alert.triggered_at >= filter.to) return false;
    if (filter.battery_id && (!is_about_battery(alert) || alert.subject.id != *filter.battery_id))
        return false;
    if (filter.device_id && (!is_about_device(alert) || alert.subject.id != *filter.device_id)) return false;
    if (filter.severity && *filter.severity != to_string(alert.severity)) return false;
    if (filter.alert_type && *filter.alert_type != alert.type) return false;
    if (filter.acknowledged && *filter.acknowledged != alert.acknowledged_at.has_value()) return false;
    if (!filter.location_id) return true;
    const auto location = location_of(model, alert.subject);
    return location && model.locations[position(*location)].id == *filter.location_id;
}

std::vector<Alert> merged(std::vector<Alert> stored, std::span<const Alert> open) {
    std::unordered_map<std::string, std::size_t> places;
    for (std::size_t i = 0; i < stored.size(); ++i) places.emplace(stored[i].id, i);
    for (const auto& alert : open) {
        const auto known = places.find(alert.id);
        if (known == places.end()) {
            stored.push_back(alert);
        } else {
            stored[known->second] = alert;
        }
    }
    std::ranges::sort(stored, [](const Alert& a, const Alert& b) {
        return a.triggered_at != b.triggered_at ? a.triggered_at > b.triggered_at : a.id > b.id;
    });
    return stored;
}

}  // namespace sitepower
