// How many instances of services run: status, decisions, and setting a number by hand.
#include <algorithm>
#include <utility>

#include "daemon/operation/rows/rows.hpp"
#include "daemon/operation/rows/subject.hpp"
#include "daemon/scaling/report.hpp"

namespace sitepower {
namespace {

constexpr std::chrono::days longest_override{31};

Failure no_service(const std::string& id) {
    return not_found("service", id, "scaling.status");
}

bool is_scaled(Context& context, const std::string& id) {
    const auto groups = context.scaling().groups();
    return std::ranges::find(groups, id, &ScalingGroupView::id) != groups.end();
}

Outcome status(const Request& request, Context& context) {
    const auto service = request.parameters.text("service");
    if (service && !is_scaled(context, *service)) return no_service(*service);
    Json services = Json::array();
    for (const auto& group : context.scaling().groups()) {
        if (!service || group.id == *service) services.push_back(describe_group(group));
    }
    return Json{{"services", std::move(services)}};
}

Outcome decisions(const Request& request, Context& context) {
    const auto service = request.parameters.text("service");
    if (service && !is_scaled(context, *service)) return no_service(*service);
    const auto state = request.parameters.text("status");
    std::vector<GroupDecision> found;
    for (auto& each : context.scaling().decisions()) {
        if (service && each.group != *service) continue;
        if (state && *state != dispatch::name_of(each.decision.state)) continue;
        found.push_back(std::move(each));
    }
    return page(found, request.parameters,
                [](const GroupDecision& each) { return describe_decision(each.group, each.decision); });
}

Outcome manual(const Request& request, Context& context) {
    const auto& parameters = request.parameters;
    const auto now = context.now();
    const auto expires = *parameters.time("expires_at");
    if (expires <= now || expires > now + longest_override) {
        return wrong_parameter("expires_at", "is not within the next 31 days",
                               "a time after " + format_time(now));
    }
    const auto service = parameters.required_text("service_name");
    const auto decided = context.scaling().set_by_hand(
        service, {.instances = static_cast<int>(*parameters.integer("target_instances")),
                  .expires = expires,
                  .reason = parameters.required_text("reason")});
    if (!decided) {
        if (decided.error().code == ErrorCode::validation_error) {
            return wrong_parameter("target_instances", "is beyond the limits of the service",
                                   decided.error().message);
        }
        return failure_of(decided.error());
    }
    const auto groups = context.scaling().groups();
    const auto group = std::ranges::find(groups, service, &ScalingGroupView::id);
    Record record;
    record.set("service_name", service);
    if (*decided) {
        record.set("decision_id", (*decided)->id);
    } else {
        record.unknown("decision_id", "nothing_to_carry_out_now");
    }
    record.set("status", *decided ? dispatch::name_of((*decided)->state) : "held");
    record.set("message", *decided                ? (*decided)->reason
                          : group == groups.end() ? std::string()
                          : group->status == ScalingStatus::stable
                              ? std::string("as many run already; it holds until it expires")
                              : "in force, and carried out later: " + group->reason);
    return record.set("expires_at", expires).take();
}

std::vector<Field> status_fields() {
    return prefixed(
        "services[].",
        {{"service_name", "text", "", "as configured"},
         {"status", "text", "",
          "stable, scaling (a decision is under way), held (another number is needed, status_reason says why "
          "nothing is done) or degraded (something is not known, or the last decision came to nothing)"},
         {"status_reason", "text", "", "of the status"},
         {"current_instances", "integer", "", "running"},
         {"desired_instances", "integer", "", "needed, within all limits"},
         {"desired_reason", "text", "", "metric, quantile, capacity, event and the limit that binds"},
         {"min_instances", "integer", "", "as configured"},
         {"max_instances", "integer", "", "as configured"},
         {"advice_only", "boolean", "", "nothing carries decisions out"},
         {"actuator", "text", "", "who carries them out: a device and its command, or a topic"},
         {"metrics[].metric", "text", "", "its name"},
         {"metrics[].forecast", "number", "",
          "the quantile, at its highest until a new instance carries load"},
         {"metrics[].measured", "number", "", "now"},
         {"metrics[].capacity_per_instance", "number", "", "as configured"},
         {"confidence_score", "number", "", "of the forecasts, the least of them; null for a group without"},
         {"utilisation", "number", "", "measured share of the capacity, the highest of the metrics"},
         {"awarded_kw", "number", "kW", "that the auction leaves to its load class"},
         {"override.target_instances", "integer", "", "set by hand"},
         {"override.reason", "text", "", "as given"},
         {"override.expires_at", "time", "", "until then nothing else decides"},
         {"last_scaling_action.id", "text", "", "of the decision"},
         {"last_scaling_action.type", "text", "", "scale_up, scale_down, manual or rollback"},
         {"last_scaling_action.status", "text", "", "as of scaling.decisions"},
         {"last_scaling_action.from", "integer", "", "instances"},
         {"last_scaling_action.to", "integer", "", "instances"},
         {"last_scaling_action.timestamp", "time", "", "when it was decided"}});
}

std::vector<Field> decision_fields() {
    return page_fields(
        {{"id", "text", "", "of the decision; a command over MQTT carries it"},
         {"service_name", "text", "", "as configured"},
         {"decision_type", "text", "", "scale_up, scale_down, manual or rollback"},
         {"current_instances", "integer", "", "when it was decided"},
         {"target_instances", "integer", "", "decided"},
         {"status", "text", "", "pending, executed, verified, failed or rolled_back"},
         {"confidence_score", "number", "", "of the forecast, 0 to 1"},
         {"reasoning", "text", "", "metric, quantile, capacity, event and the limit that bound"},
         {"triggered_by.prediction_value", "number", "", "of the metric that decided"},
         {"triggered_by.threshold", "number", "", "that the instances carried of it at the target"},
         {"triggered_by.events[]", "text", "", "known events in that forecast"},
         {"created_at", "time", "", "when it was decided"},
         {"executed_at", "time", "", "when it was acknowledged"},
         {"verification", "text", "", "what came of it"}});
}

Operation manual_row() {
    return {.name = "scaling.manual",
            .method = Method::post,
            .path = "/api/v1/scaling/manual",
            .role = Role::admin,
            .summary = "Set the number of instances by hand; nothing else decides until it expires",
            .parameters = {identifier_parameter("service_name", "the service"),
                           {.name = "target_instances",
                            .type = ParameterType::integer,
                            .help = "how many, within the limits of the service",
                            .required = true,
                            .minimum = 0,
                            .maximum = 100'000},
                           {.name = "reason",
                            .type = ParameterType::text,
                            .help = "why, for whoever reads it later",
                            .required = true},
                           {.name = "expires_at",
                            .type = ParameterType::time,
                            .help = "until when, at most 31 days ahead",
                            .required = true}},
            .result = {{"service_name", "text", "", "the service"},
                       {"decision_id", "text", "", "of the decision that follows"},
                       {"status", "text", "", "of that decision; held: nothing is to be carried out now"},
                       {"message", "text", "", "why"},
                       {"expires_at", "time", "", "until when it holds"}},
            .errors = {ErrorCode::not_found, ErrorCode::service_unavailable},
            .handler = manual};
}

}  // namespace

std::vector<Operation> scaling_rows() {
    auto service = identifier_parameter("service", "only that service");
    auto named = manual_row();
    named.parameters.front().required = true;
    return {
        {.name = "scaling.status",
         .path = "/api/v1/scaling/status",
         .summary = "How many instances of each service run, how many are needed, and why",
         .parameters = {service},
         .result = status_fields(),
         .errors = {ErrorCode::not_found},
         .handler = status},
        {.name = "scaling.decisions",
         .path = "/api/v1/scaling/decisions",
         .summary = "What was decided and what came of it, the newest first; the last 100 of each service",
         .parameters = {service,
                        {.name = "status",
                         .type = ParameterType::choice,
                         .help = "only those",
                         .allowed = "pending, executed, verified, failed, rolled_back"},
                        skip_parameter(),
                        limit_parameter("50")},
         .result = decision_fields(),
         .errors = {ErrorCode::not_found},
         .handler = decisions},
        std::move(named)};
}

}  // namespace sitepower
