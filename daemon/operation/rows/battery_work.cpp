// What people do to batteries: one, or a whole string, is replaced; capacity is tested.
#include <fmt/format.h>

#include <chrono>
#include <utility>
#include <variant>

#include "daemon/operation/rows/describe_battery.hpp"
#include "daemon/operation/rows/rows.hpp"
#include "daemon/operation/rows/subject.hpp"

namespace sitepower {
namespace {

Failure not_exactly_one() {
    return wrong_parameter("battery_id", "exactly one of battery_id and string_id is needed",
                           "the id of a battery, or of a string", "give either battery_id or string_id");
}

// The battery or string that the request names.
std::variant<Subject, Failure> worked_on(const Parameters& parameters, const SiteModel& model) {
    const auto battery = parameters.text("battery_id");
    const auto string = parameters.text("string_id");
    if (battery.has_value() == string.has_value()) return not_exactly_one();
    if (battery) {
        if (!find_battery(model, *battery)) return not_found("battery", *battery, "batteries");
        return Subject{SubjectKind::battery, *battery};
    }
    if (!find_string(model, *string)) return not_found("string", *string, "inventory");
    return Subject{SubjectKind::string, *string};
}

Json describe(const SiteModel& model, const BatteryReplaced& replaced) {
    Record record;
    record.set("battery_id", model.batteries[position(replaced.battery)].id)
        .text("old_serial_number", replaced.old_serial_number)
        .set("serial_number", replaced.serial_number)
        .text("model", replaced.model)
        .set("installed_date", format_date(replaced.date));
    return record.take();
}

Outcome replace(const Request& request, Context& context) {
    const auto& parameters = request.parameters;
    const auto& model = context.site().model();
    auto subject = worked_on(parameters, model);
    if (auto* failure = std::get_if<Failure>(&subject)) return std::move(*failure);
    const Time date = parameters.time("date").value_or(context.now());
    const auto applied =
        context.apply(ReplaceBattery{.subject = std::get<Subject>(std::move(subject)),
                                     .serial_number = parameters.required_text("serial_number"),
                                     .date = Time{std::chrono::floor<std::chrono::days>(date)},
                                     .model = parameters.text("model").value_or(""),
                                     .who = request.caller.who});
    if (!applied) return failure_of(applied.error());
    Json replaced = Json::array();
    for (const auto& one : applied->batteries_replaced) replaced.push_back(describe(model, one));
    Json data = Json::object();
    data["replaced"] = std::move(replaced);
    return data;
}

constexpr double longest_test_min = 72 * 60;

// A discharge through the UPS is its whole business: its own alerts and those of all its strings are held
// back.
Subject discharged(const SiteModel& model, const Subject& subject) {
    if (subject.kind != SubjectKind::string) return subject;
    const auto& string = model.strings[position(*find_string(model, subject.id))];
    if (!string.ups) return subject;
    return {SubjectKind::ups, model.devices[position(model.upses[position(*string.ups)].device)].id};
}

Outcome plan_test(const Request& request, Context& context) {
    const auto& parameters = request.parameters;
    const auto& model = context.site().model();
    auto subject = worked_on(parameters, model);
    if (auto* failure = std::get_if<Failure>(&subject)) return std::move(*failure);
    MaintenanceWindow window{.id = "",
                             .subject = discharged(model, std::get<Subject>(subject)),
                             .from = parameters.time("from").value_or(context.now()),
                             .who = request.caller.who,
                             .why = "capacity test of " + std::get<Subject>(subject).id};
    if (const auto load_kw = parameters.number("load_kw")) window.why += fmt::format(" at {:g} kW", *load_kw);
    window.to = window.from + std::chrono::minutes{*parameters.integer("duration_min")};
    const auto applied = context.apply(StartMaintenance{window});
    if (!applied) return failure_of(applied.error());
    const auto& started = applied->windows_started.front();
    return Json{{"window_id", started.id},          {"subject_kind", to_string(started.subject.kind)},
                {"subject_id", started.subject.id}, {"from", format_time(started.from)},
                {"to", format_time(started.to)},    {"why", started.why}};
}

// Why no test can have been done then; empty: it may have been.
std::string time_problem(const BatteryModel& battery, Time tested, Time now) {
    if (tested > now) return format_time(tested) + " is still to come";
    const auto& installed = battery.installed_date;
    if (installed && tested < *installed)
        return "the battery was installed later, on " + format_date(*installed);
    return "";
}

Failure wrong_time(const std::string& problem) {
    return wrong_parameter("time", problem, "a time from the installed date of the battery until now",
                           "the test cannot have been then: " + problem);
}

Outcome record_test(const Request& request, Context& context) {
    const auto& parameters = request.parameters;
    const auto& model = context.site().model();
    const auto id = parameters.required_text("battery_id");
    const auto battery = find_battery(model, id);
    if (!battery) return not_found("battery", id, "batteries");
    const Time tested = parameters.time("time").value_or(context.now());
    const auto problem = time_problem(model.batteries[position(*battery)], tested, context.now());
    if (!problem.empty()) return wrong_time(problem);
    const auto minutes = std::chrono::minutes{parameters.integer("minutes").value_or(0)};
    const CapacityTest test{.time = tested,
                            .delivered_ah = parameters.number("delivered_ah").value_or(0),
                            .temperature_c = parameters.number("temperature_c"),
                            .reached_end_voltage = true};
    const auto applied = context.apply(RecordCapacityTest{id, test, request.caller.who, minutes});
    if (!applied) return failure_of(applied.error());
    const auto& report = applied->capacity_tests.front();
    return Json{{"battery_id", id},
                {"delivered_ah", report.test.delivered_ah},
                {"rated_ah", report.test.rated_ah},
                {"health_pct", report.health_pct},
                {"passed", report.passed}};
}

Operation plan_test_row() {
    return {.name = "battery.test",
            .method = Method::post,
            .path = "/api/v1/capacity-tests",
            .role = Role::engineer,
            .summary = "Plan a capacity test: alerts of the discharge are recorded and not announced",
            .parameters = {identifier_parameter("battery_id", "the battery that is tested"),
                           identifier_parameter("string_id", "instead: a whole string, through its UPS"),
                           {.name = "from", .type = ParameterType::time, .help = "begins; default now"},
                           {.name = "duration_min",
                            .type = ParameterType::integer,
                            .help = "how many minutes until the batteries are charged again",
                            .fallback = "480",
                            .minimum = 1,
                            .maximum = longest_test_min},
                           {.name = "load_kw",
                            .type = ParameterType::number,
                            .help = "the planned load, for the record",
                            .minimum = 0,
                            .maximum = 100'000}},
            .result = {{"window_id", "text", "", "the maintenance window, which maintenance.end ends"},
                       {"subject_kind", "text", "", "battery, string or ups"},
                       {"subject_id", "text", "", "whose alerts are held back: of a string, its UPS"},
                       {"from", "time", "", "begins"},
                       {"to", "time", "", "ends"},
                       {"why", "text", "", "the test, with its load"}},
            .errors = {ErrorCode::not_found, ErrorCode::conflict, ErrorCode::service_unavailable},
            .handler = plan_test};
}

Operation record_test_row() {
    return {.name = "battery.test_result",
            .method = Method::post,
            .path = "/api/v1/capacity-test-results",
            .role = Role::engineer,
            .summary = "Tell what a capacity test gave: it enters into health and remaining life",
            .parameters = {path_parameter("battery_id", "the battery that was discharged to its end voltage"),
                           {.name = "delivered_ah",
                            .type = ParameterType::number,
                            .help = "until its end voltage, in Ah; a test that was broken off tells nothing",
                            .required = true,
                            .minimum = 0,
                            .maximum = 100'000},
                           {.name = "temperature_c",
                            .type = ParameterType::number,
                            .help = "mean of the battery; without it 25 Cel, and the test counts for less",
                            .minimum = -40,
                            .maximum = 80},
                           {.name = "minutes",
                            .type = ParameterType::integer,
                            .help = "how long it took; needed of lead-acid, which gives less the faster it "
                                    "is asked, and tells nothing above a quarter of its rated Ah per hour",
                            .minimum = 1,
                            .maximum = longest_test_min},
                           {.name = "time",
                            .type = ParameterType::time,
                            .help = "when, since the battery was installed; default now"}},
            .result = {{"battery_id", "text", "", "identifier"},
                       {"delivered_ah", "number", "Ah", "as told"},
                       {"rated_ah", "number", "Ah", "as configured"},
                       {"health_pct", "number", "%", "delivered over rated, brought to 25 Cel"},
                       {"passed", "boolean", "", "at or above the end of life (eol_soh_pct)"}},
            .errors = {ErrorCode::not_found, ErrorCode::service_unavailable},
            .handler = record_test};
}

Operation replace_row() {
    return {
        .name = "battery.replace",
        .method = Method::post,
        .path = "/api/v1/battery-replacements",
        .role = Role::engineer,
        .summary = "Tell that a battery, or all of a string, was replaced: what was learnt starts anew",
        .parameters = {identifier_parameter("battery_id", "the place of the battery"),
                       identifier_parameter("string_id", "instead: the whole string"),
                       {.name = "date", .type = ParameterType::time, .help = "when; default today"},
                       {.name = "serial_number",
                        .help =
                            "of the new battery; of a string the lot's, and each battery gets it with its "
                            "position",
                        .required = true,
                        .maximum = 56},
                       {.name = "model", .help = "of the maker; default as before", .maximum = 64}},
        .result = {{"replaced[].battery_id", "text", "", "identifier, which stays"},
                   {"replaced[].old_serial_number", "text", "", "under which its history stays"},
                   {"replaced[].serial_number", "text", "", "of the new battery"},
                   {"replaced[].model", "text", "", "of the maker"},
                   {"replaced[].installed_date", "date", "", "of the new battery"}},
        .errors = {ErrorCode::not_found, ErrorCode::conflict, ErrorCode::service_unavailable},
        .handler = replace};
}

}  // namespace

std::vector<Operation> battery_work_rows() {
    return {replace_row(), plan_test_row(), record_test_row()};
}

}  // namespace sitepower
