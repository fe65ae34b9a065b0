// Alerts: the list, one of them, and taking notice of one.
#include <algorithm>

#include "daemon/operation/rows/alert_stats.hpp"
#include "daemon/operation/rows/describe_alert.hpp"
#include "daemon/operation/rows/describe_battery.hpp"
#include "daemon/operation/rows/rows.hpp"

namespace sitepower {
namespace {

constexpr std::size_t most_alerts = 10'000;         // looked through for one list
constexpr std::chrono::minutes around_trigger{10};  // before and after
constexpr std::size_t most_rows_around = 200;

using StoredAlerts = Result<std::vector<Alert>>;
using StoredAlert = Result<std::optional<Alert>>;

AlertChoice read_filter(const Parameters& parameters) {
    return {.location_id = parameters.text("location_id"),
            .battery_id = parameters.text("battery_id"),
            .device_id = parameters.text("device_id"),
            .severity = parameters.text("severity"),
            .alert_type = parameters.text("alert_type"),
            .acknowledged = parameters.flag("acknowledged"),
            .active_only = *parameters.flag("active_only"),
            .from = parameters.time("start_date").value_or(Time::min()),
            .to = parameters.time("end_date").value_or(Time::max())};
}

Json describe_list(const SiteModel& model, const Parameters& parameters, std::vector<Alert> alerts) {
    const auto filter = read_filter(parameters);
    std::erase_if(alerts, [&](const Alert& alert) { return !passes(model, filter, alert); });
    auto list = page(alerts, parameters, [](const Alert& alert) { return describe_alert(alert).take(); });
    list["active_count"] = std::ranges::count_if(alerts, &Alert::is_active);
    list["pending_count"] = std::ranges::count_if(alerts, &Alert::is_pending);
    list["cut_off"] = false;
    return list;
}

// What is open is known at once; for what is over the store is asked.
void alerts(Request request, Context& context, Reply reply) {
    const auto filter = read_filter(request.parameters);
    const auto& model = context.site().model();
    if (filter.location_id && !find_location(model, *filter.location_id)) {
        return reply(not_found("location", *filter.location_id, "locations"));
    }
    if (filter.active_only) {
        if (filter.battery_id && !find_battery(model, *filter.battery_id)) {
            return reply(not_found("battery", *filter.battery_id, "batteries"));
        }
        if (filter.device_id && !find_device(model, *filter.device_id)) {
            return reply(not_found("device", *filter.device_id, "devices"));
        }
        const auto& site = context.site();
        reply(describe_list(site.model(), request.parameters, merged({}, site.open_alerts())));
        return;
    }
    const AlertQuestion question{.from = filter.from, .to = filter.to, .limit = most_alerts + 1};
    answer_after_history<StoredAlerts>(
        context, std::move(reply), [question](History& history) { return history.alerts(question); },
        [parameters = request.parameters](StoredAlerts stored, Context& later) -> Outcome {
            if (!stored) return failure_of(stored.error());
            const auto& site = later.site();
            const bool cut_off = stored->size() > most_alerts;
            if (cut_off) stored->resize(most_alerts);
            auto list =
                describe_list(site.model(), parameters, merged(std::move(*stored), site.open_alerts()));
            list["cut_off"] = cut_off;
            return list;
        });
}

const Alert* find_open(const SiteView& site, const std::string& id) {
    const auto open = site.open_alerts();
    const auto found = std::ranges::find(open, id, &Alert::id);
    return found == open.end() ? nullptr : &*found;
}

void describe_battery_of(Record& record, const SiteModel& model, const Alert& alert) {
    const auto battery =
        alert.subject.kind == SubjectKind::battery ? find_battery(model, alert.subject.id) : std::nullopt;
    if (battery) {
        const auto& self = model.batteries[position(*battery)];
        record.text("serial_number", self.serial_number).set("position", self.position);
    } else {
        record.unknown("serial_number", "not_about_a_battery").unknown("position", "not_about_a_battery");
    }
    const auto location = location_of(model, alert.subject);
    record.text("location_id", location ? model.locations[position(*location)].id : std::string(),
                "not_at_one_location");
}

// The rest of one alert: the values around its trigger, when it is about a battery.
void describe_with_values(const Alert& alert, Record record, Context& context, Reply reply) {
    const auto& model = context.site().model();
    const auto battery =
        alert.subject.kind == SubjectKind::battery ? find_battery(model, alert.subject.id) : std::nullopt;
    if (!battery) {
        reply(record.unknown("values_around", "not_about_a_battery").take());
        return;
    }
    ValueQuestion question{.from = alert.triggered_at - around_trigger,
                           .to = alert.triggered_at + around_trigger,
                           .limit = most_rows_around};
    std::vector<std::string> names;
    for (auto& point : telemetry_points(model, *battery)) {
        question.points.push_back(std::move(point.source));
        names.emplace_back(point.name);
    }
    answer_from_history(context, std::move(reply),
                        [record = std::move(record), question = std::move(question),
                         names = std::move(names)](History& history) mutable -> Outcome {
                            const auto found = history.values(question);
                            if (!found) return record.unknown("values_around", "store_not_readable").take();
                            return record.set("values_around", describe_rows(found->rows, names)).take();
                        });
}

void describe_one(const Alert& alert, Context& context, Reply reply) {
    auto record = describe_alert(alert);
    describe_battery_of(record, context.site().model(), alert);
    describe_with_values(alert, std::move(record), context, std::move(reply));
}

// Looks for an alert that is not open (any more) in the store; `then` runs on the loop thread.
void with_stored_alert(Context& context, Reply reply, std::string id,
                       void (*then)(StoredAlert, const std::string& id, Context&, Reply)) {
    const bool accepted =
        context.query([&context, then, id, reply = std::move(reply)](History& history) mutable -> Completion {
            return [&context, then, id, found = history.alert(id), reply = std::move(reply)]() mutable {
                then(std::move(found), id, context, std::move(reply));
            };
        });
    static_cast<void>(accepted);  // a refused query answers SERVICE_UNAVAILABLE through its Reply
}

void answer_stored(StoredAlert found, const std::string& id, Context& context, Reply reply) {
    if (!found) {
        reply(failure_of(found.error()));
    } else if (!*found) {
        reply(not_found("alert", id, "alerts"));
    } else {
        describe_one(**found, context, std::move(reply));
    }
}

void alert(Request request, Context& context, Reply reply) {
    const auto id = request.parameters.required_text("alert_id");
    if (const auto* open = find_open(context.site(), id)) {
        describe_one(*open, context, std::move(reply));
    } else {
        with_stored_alert(context, std::move(reply), id, answer_stored);
    }
}

// Why an alert that is not open cannot be acknowledged or resolved: it is over, or never was.
void refuse_stored(StoredAlert found, const std::string& id, Context&, Reply reply) {
    if (!found) {
        reply(failure_of(found.error()));
    } else if (!*found) {
        reply(not_found("alert", id, "alerts"));
    } else {
        const auto& alert = **found;
        reply(Failure{ErrorCode::conflict, "alert " + id + " was resolved before, by " + alert.resolved_by});
    }
}

void change(const Event& event, const Request& request, Context& context, Reply reply) {
    const auto id = request.parameters.required_text("alert_id");
    if (find_open(context.site(), id) == nullptr) {
        with_stored_alert(context, std::move(reply), id, refuse_stored);
        return;
    }
    const auto effects = context.apply(event);
    if (!effects) {
        reply(failure_of(effects.error()));
        return;
    }
    const auto changed =
        std::ranges::find(effects->alerts, id, [](const AlertChange& c) { return c.alert.id; });
    if (changed == effects->alerts.end()) {
        reply(Failure{ErrorCode::internal_error, "the engine did not say what became of alert " + id});
        return;
    }
    reply(describe_alert(changed->alert).take());
}

void acknowledge(Request request, Context& context, Reply reply) {
    const AcknowledgeAlert event{request.parameters.required_text("alert_id"), request.caller.who,
                                 request.parameters.required_text("note")};
    change(event, request, context, std::move(reply));
}

void resolve(Request request, Context& context, Reply reply) {
    const ResolveAlert event{request.parameters.required_text("alert_id"), request.caller.who,
                             request.parameters.required_text("note")};
    change(event, request, context, std::move(reply));
}

Operation alerts_row() {
    return {
        .name = "alerts",
        .path = "/api/v1/alerts",
        .summary = "Alerts: those that are open, or also those that are over",
        .parameters = {identifier_parameter("location_id", "only alerts of what stands there"),
                       identifier_parameter("battery_id", "only alerts of that battery"),
                       identifier_parameter("device_id", "only alerts of that device"),
                       {.name = "severity",
                        .type = ParameterType::choice,
                        .help = "only alerts of that severity",
                        .allowed = "info, warning, critical"},
                       identifier_parameter("alert_type", "only alerts of that type"),
                       {.name = "active_only",
                        .type = ParameterType::boolean,
                        .help = "leave out what is resolved",
                        .fallback = "true"},
                       {.name = "acknowledged",
                        .type = ParameterType::boolean,
                        .help = "only acknowledged, or only not acknowledged ones"},
                       {.name = "start_date", .type = ParameterType::time, .help = "triggered from then on"},
                       {.name = "end_date", .type = ParameterType::time, .help = "triggered before then"},
                       skip_parameter(),
                       limit_parameter()},
        .result =
            joined(page_fields(alert_fields()), {{"active_count", "integer", "", "of the whole list"},
                                                 {"pending_count", "integer", "", "of the whole list"},
                                                 {"cut_off", "boolean", "",
                                                  "there are more than the 10,000 newest of that time that "
                                                  "were looked through: ask for a shorter time"}}),
        .errors = {ErrorCode::service_unavailable},
        .handler = alerts};
}

Operation alert_row() {
    return {.name = "alert",
            .path = "/api/v1/alerts/{alert_id}",
            .summary = "One alert, with the values around its trigger",
            .parameters = {path_parameter("alert_id", "the alert")},
            .result = joined(alert_fields(), {{"serial_number", "text", "", "of the battery"},
                                              {"position", "integer", "", "of the battery in its string"},
                                              {"location_id", "text", "", "where it stands"},
                                              {"values_around[].timestamp", "time", "", "of a reading"},
                                              {"values_around[].values.*", "number", "", "by name"},
                                              {"values_around[].quality.*", "text", "", "what is not good"}}),
            .errors = {ErrorCode::not_found, ErrorCode::service_unavailable},
            .handler = alert};
}

Operation change_row(std::string_view name, std::string_view path, std::string_view summary,
                     Deferred handler) {
    return {
        .name = name,
        .method = Method::post,
        .path = path,
        .role = Role::engineer,
        .summary = summary,
        .parameters = {path_parameter("alert_id", "the alert"), {.name = "note", .help = "for the record"}},
        .result = alert_fields(),
        .errors = {ErrorCode::not_found, ErrorCode::conflict, ErrorCode::service_unavailable},
        .handler = handler};
}

}  // namespace

std::vector<Operation> alert_rows() {
    // alerts/stats stands before alerts/{alert_id}: the first row that fits a path takes it.
    return {
        alerts_row(), alert_stats_row(), alert_row(),
        change_row("alert.acknowledge", "/api/v1/alerts/{alert_id}/acknowledge",
                   "Take notice of an open alert", acknowledge),
        change_row("alert.resolve", "/api/v1/alerts/{alert_id}/resolve",
                   "Close an open alert by hand; it rises again only after its condition has cleared once",
                   resolve)};
}

}  // namespace sitepower
