// Events that are known before they happen: campaigns, maintenance, holidays.
#include <fmt/format.h>

#include "daemon/operation/rows/forecast.hpp"
#include "daemon/operation/rows/subject.hpp"

namespace sitepower {

using forecast::EventStatus;

namespace {

constexpr std::size_t longest_metadata = 4000;

std::string_view word_of(EventStatus status) {
    switch (status) {
        case EventStatus::scheduled:
            return "scheduled";
        case EventStatus::active:
            return "active";
        case EventStatus::ended:
            return "ended";
        case EventStatus::cancelled:
            return "cancelled";
    }
    return "ended";
}

Json describe(const SeriesEvent& one, Time now) {
    const auto& event = one.event;
    Record record;
    record.set("id", Json(event.id))
        .set("event_type", Json(event.type))
        .text("name", event.name, "not_given")
        .set("status", Json(word_of(event.status_at(now))))
        .set("start_time", event.start)
        .set("end_time", event.end)
        .set("ramp_min", Json(std::chrono::duration<double, std::ratio<60>>(event.ramp).count()))
        .maybe("expected_impact_multiplier", event.expected_multiplier, "as_believed_of_its_type")
        .text("source", event.source, "not_given")
        .set("series", Json(one.series))
        .set("metadata", Json::parse(one.metadata.empty() ? "{}" : one.metadata, nullptr, false));
    Json by_series = Json::object();
    for (const auto& [series, multiplier] : one.realised) by_series[series] = multiplier;
    if (one.realised.empty()) {
        record.unknown("realised_multiplier", "no forecast from before it was matched inside it");
    } else {
        record.set("realised_multiplier", std::move(by_series));
    }
    return record.take();
}

Outcome active(const ForecastQuestion& q) {
    std::vector<SeriesEvent> events;
    const bool all = q.request.parameters.flag("all").value_or(false);
    for (const auto& event : q.book.events()) {
        const auto status = event.event.status_at(q.now);
        if (all || status == EventStatus::active || status == EventStatus::scheduled) events.push_back(event);
    }
    return page(events, q.request.parameters,
                [&](const SeriesEvent& event) { return describe(event, q.now); });
}

Outcome create(const ForecastQuestion& q) {
    const auto& parameters = q.request.parameters;
    SeriesEvent event{.event = {.id = {},
                                .type = parameters.required_text("event_type"),
                                .name = parameters.text("name").value_or(""),
                                .source = parameters.text("source").value_or(q.request.caller.who),
                                .start = parameters.time("start_time").value_or(q.now),
                                .end = *parameters.time("end_time"),
                                .ramp = std::chrono::minutes{parameters.integer("ramp_min").value_or(0)},
                                .expected_multiplier = parameters.number("expected_impact_multiplier")},
                      .series = {},
                      .metadata = to_text(parameters.json("metadata").value_or(InputJson::object())),
                      .realised = {}};
    if (event.metadata.size() > longest_metadata) {
        return Failure{ErrorCode::payload_too_large,
                       fmt::format("metadata may take {} bytes", longest_metadata)};
    }
    if (const auto series = parameters.text("series")) event.series = {*series};
    const auto added = q.book.add_event(std::move(event), q.memory, q.now);
    if (!added) return failure_of(added.error());
    return describe(added.value(), q.now);
}

Outcome cancel_event(const ForecastQuestion& q) {
    const auto cancelled = q.book.cancel_event(q.request.parameters.required_text("event_id"), q.now);
    if (!cancelled) return failure_of(cancelled.error());
    return describe(cancelled.value(), q.now);
}

std::vector<Field> event_fields() {
    return {{"id", "text", "", "identifier"},
            {"event_type", "text", "", "its type"},
            {"name", "text", "", "for people"},
            {"status", "text", "", "scheduled, active, ended or cancelled"},
            {"start_time", "time", "", "begins"},
            {"end_time", "time", "", "ends"},
            {"ramp_min", "number", "min", "from nothing to its whole effect, and back"},
            {"expected_impact_multiplier", "number", "", "null: what is believed of its type"},
            {"source", "text", "", "who knows of it"},
            {"series[]", "text", "", "that it concerns"},
            {"metadata.*", "object", "", "as given"},
            {"realised_multiplier.*", "number", "", "by series, when it is over"}};
}

}  // namespace

std::vector<Operation> known_event_rows() {
    return {
        {.name = "events",
         .path = "/api/v1/events/active",
         .summary = "Known events, present and to come",
         .parameters = {{.name = "all",
                         .type = ParameterType::boolean,
                         .help = "also those that have ended or were cancelled",
                         .fallback = "false"},
                        skip_parameter(),
                        limit_parameter()},
         .result = page_fields(event_fields()),
         .handler = from_forecasts<active>},
        {.name = "event.create",
         .method = Method::post,
         .path = "/api/v1/events",
         .role = Role::engineer,
         .summary = "Tell of an event that will multiply series for a while",
         .parameters = {{.name = "event_type",
                         .type = ParameterType::identifier,
                         .help = "what it is: marketing_campaign, product_launch, flash_sale, "
                                 "scheduled_maintenance, holiday, partnership_announcement or an event_type "
                                 "of the configuration; each has a range of multipliers",
                         .required = true},
                        {.name = "name", .help = "for people", .maximum = 200},
                        {.name = "start_time",
                         .type = ParameterType::time,
                         .help = "begins, up to 60 days ago; default now"},
                        {.name = "end_time",
                         .type = ParameterType::time,
                         .help = "ends, up to 400 days ahead",
                         .required = true},
                        {.name = "expected_impact_multiplier",
                         .type = ParameterType::number,
                         .help = "times what would be; default what is believed of its type",
                         .minimum = forecast::least_multiplier,
                         .maximum = forecast::largest_multiplier},
                        {.name = "ramp_min",
                         .type = ParameterType::integer,
                         .help = "minutes from nothing to its whole effect, and back before its end",
                         .fallback = "0",
                         .minimum = 0,
                         .maximum = 10'080},
                        identifier_parameter("series", "the one it concerns; default all"),
                        {.name = "source", .help = "who knows of it; default the caller", .maximum = 200},
                        {.name = "metadata", .type = ParameterType::object, .help = "kept and given back"}},
         .result = event_fields(),
         .errors = {ErrorCode::not_found, ErrorCode::conflict, ErrorCode::payload_too_large},
         .handler = from_forecasts<create>},
        {.name = "event.cancel",
         .method = Method::post,
         .path = "/api/v1/events/{event_id}/cancel",
         .role = Role::engineer,
         .summary =
             "An event will not be, or is over before its time: what it did until now is told by what came",
         .parameters = {path_parameter("event_id", "the event")},
         .result = event_fields(),
         .errors = {ErrorCode::not_found, ErrorCode::conflict},
         .handler = from_forecasts<cancel_event>}};
}

}  // namespace sitepower
