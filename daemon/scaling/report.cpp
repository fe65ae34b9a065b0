#include "daemon/scaling/report.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace sitepower {
namespace {

using dispatch::ScalingDecision;
using dispatch::ScalingState;

std::string_view type_of(const ScalingDecision& decision) {
    if (decision.is_rollback) return "rollback";
    if (decision.is_manual) return "manual";
    return decision.to > decision.from ? "scale_up" : "scale_down";
}

std::optional<ScalingState> state_of(const std::string& name) {
    for (const auto state : {ScalingState::pending, ScalingState::executed, ScalingState::verified,
                             ScalingState::failed, ScalingState::rolled_back}) {
        if (name == dispatch::name_of(state)) return state;
    }
    return std::nullopt;
}

std::string text_in(const InputJson& json, const char* name) {
    const auto found = json.find(name);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<double> number_in(const InputJson& json, const char* name) {
    const auto found = json.find(name);
    return found != json.end() && found->is_number() ? std::optional(found->get<double>()) : std::nullopt;
}

std::optional<ScalingDecision> read_decision(const InputJson& json) {
    const auto created = parse_time(text_in(json, "created_at"));
    const auto state = state_of(text_in(json, "status"));
    const auto from = number_in(json, "current_instances");
    const auto to = number_in(json, "target_instances");
    const auto type = text_in(json, "decision_type");
    if (!created || !state || !from || !to) return std::nullopt;
    const auto& trigger = json.contains("triggered_by") ? json["triggered_by"] : InputJson::object();
    ScalingDecision decision{.id = text_in(json, "id"),
                             .from = static_cast<int>(*from),
                             .to = static_cast<int>(*to),
                             .state = *state,
                             .is_rollback = type == "rollback",
                             .is_manual = type == "manual",
                             .confidence = number_in(json, "confidence_score").value_or(0),
                             .reason = text_in(json, "reasoning"),
                             .demand = number_in(trigger, "prediction_value"),
                             .threshold = number_in(trigger, "threshold"),
                             .event = {},
                             .outcome = text_in(json, "verification"),
                             .created = *created,
                             .executed = parse_time(text_in(json, "executed_at"))};
    if (trigger.contains("events") && trigger["events"].is_array() && !trigger["events"].empty() &&
        trigger["events"][0].is_string())
        decision.event = trigger["events"][0].get<std::string>();
    // A step that was executed without its time cannot be judged any more.
    if (decision.state == ScalingState::executed && !decision.executed) return std::nullopt;
    return decision;
}

}  // namespace

std::string_view to_string(ScalingStatus status) {
    constexpr std::array<std::string_view, 4> names{"stable", "scaling", "held", "degraded"};
    return names.at(static_cast<std::size_t>(status));
}

Json describe_decision(const std::string& group, const ScalingDecision& decision) {
    Record trigger;
    trigger.maybe("prediction_value", decision.demand, "no_metric_decided");
    trigger.maybe("threshold", decision.threshold, "no_metric_decided");
    trigger.set("events", decision.event.empty() ? Json::array() : Json::array({decision.event}));
    Record record;
    record.set("id", decision.id).set("service_name", group);
    record.set("decision_type", type_of(decision));
    record.set("current_instances", decision.from).set("target_instances", decision.to);
    record.set("status", dispatch::name_of(decision.state));
    record.set("confidence_score", decision.confidence);
    record.set("reasoning", decision.reason).set("triggered_by", trigger.take());
    record.set("created_at", decision.created);
    record.time("executed_at", decision.executed, "not_executed");
    record.text("verification", decision.outcome, "not_verified_yet");
    return record.take();
}

Json describe_group(const ScalingGroupView& group) {
    Record record;
    record.set("service_name", group.id).set("status", to_string(group.status));
    record.text("status_reason", group.reason, "as_needed");
    record.maybe("current_instances", group.instances, "not_known");
    record.maybe("desired_instances", group.needed, "no_metric_is_known");
    record.text("desired_reason", group.need_reason, "no_metric_is_known");
    record.set("min_instances", group.least_instances).set("max_instances", group.most_instances);
    record.set("advice_only", group.is_advice).text("actuator", group.actuator, "advice_only");
    Json metrics = Json::array();
    for (const auto& metric : group.metrics) {
        Record values;
        values.set("metric", metric.name);
        values.maybe("forecast", metric.forecast, "no_forecast");
        values.maybe("measured", metric.measured, "not_known");
        values.set("capacity_per_instance", metric.capacity_per_instance);
        metrics.push_back(values.take());
    }
    record.set("metrics", std::move(metrics));
    record.maybe("confidence_score", group.confidence, "no_forecast_or_too_few_matched");
    record.maybe("utilisation", group.utilisation, "not_known");
    record.maybe("awarded_kw", group.awarded_kw, "no_award_limits_it");
    if (group.manual) {
        record.set("override", Json{{"target_instances", group.manual->instances},
                                    {"reason", group.manual->reason},
                                    {"expires_at", format_time(group.manual->expires)}});
    } else {
        record.unknown("override", "none_in_force");
    }
    if (group.last) {
        record.set("last_scaling_action", Json{{"id", group.last->id},
                                               {"type", type_of(*group.last)},
                                               {"status", dispatch::name_of(group.last->state)},
                                               {"from", group.last->from},
                                               {"to", group.last->to},
                                               {"timestamp", format_time(group.last->created)}});
    } else {
        record.unknown("last_scaling_action", "none_yet");
    }
    return record.take();
}

PlanRow decision_row(const std::string& group, const ScalingDecision& decision, Time now) {
    return {.time = now,
            .kind = std::string(scaling_row_kind),
            .status = dispatch::name_of(decision.state),
            .body = to_text(describe_decision(group, decision))};
}

PlanRow override_row(const std::string& group, const dispatch::ManualOverride& manual, Time now) {
    return {.time = now,
            .kind = std::string(scaling_row_kind),
            .status = "override",
            .body = to_text(Json{{"service_name", group},
                                 {"target_instances", manual.instances},
                                 {"reason", manual.reason},
                                 {"expires_at", format_time(manual.expires)}})};
}

KeptScaling kept_scaling(const std::vector<PlanRow>& rows, const std::string& group) {
    KeptScaling kept;
    std::set<std::string> known;
    bool override_seen = false;
    for (const auto& row : rows) {
        const auto json = InputJson::parse(row.body, nullptr, false);
        if (!json.is_object() || text_in(json, "service_name") != group) continue;
        if (row.status == "override") {
            const auto instances = number_in(json, "target_instances");
            const auto expires = parse_time(text_in(json, "expires_at"));
            if (!std::exchange(override_seen, true) && instances && expires) {
                kept.manual = {.instances = static_cast<int>(*instances),
                               .expires = *expires,
                               .reason = text_in(json, "reason")};
            }
            continue;
        }
        auto decision = read_decision(json);
        if (decision && known.insert(decision->id).second) kept.decisions.push_back(std::move(*decision));
    }
    std::ranges::stable_sort(kept.decisions, {}, &ScalingDecision::created);
    return kept;
}

}  // namespace sitepower
