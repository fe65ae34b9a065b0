// What people do to batteries: one, or a whole string, is replaced.
#include <chrono>
#include <utility>
#include <variant>

#include "daemon/operation/rows/describe_battery.hpp"
#include "daemon/operation/rows/rows.hpp"
#include "daemon/operation/rows/subject.hpp"

namespace sitepower {
namespace {

Failure not_exactly_one() {
    Failure failure{ErrorCode::validation_error, "give either battery_id or string_id"};
    failure.details.push_back({{"field", "battery_id"},
                               {"problem", "exactly one of battery_id and string_id is needed"},
                               {"allowed", "the id of a battery, or of a string"}});
    return failure;
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

}  // namespace

std::vector<Operation> battery_work_rows() {
    return {{.name = "battery.replace",
             .method = Method::post,
             .path = "/api/v1/battery-replacements",
             .role = Role::engineer,
             .summary = "Tell that a battery, or all of a string, was replaced: what was learnt starts anew",
             .parameters =
                 {identifier_parameter("battery_id", "the place of the battery"),
                  identifier_parameter("string_id", "instead: the whole string"),
                  {.name = "date", .type = ParameterType::time, .help = "when; default today"},
                  {.name = "serial_number",
                   .help = "of the new battery; of a string the lot's, and each battery gets it with its "
                           "position",
                   .required = true,
                   .maximum = 56},
                  {.name = "model", .help = "of the maker; default as before", .maximum = 64}},
             .result = {{"replaced[].battery_id", "text", "", "identifier, which stays"},
                        {"replaced[].old_serial_number", "text", "", "under which its history stays"},
                        {"replaced[].serial_number", "text", "", "of the new battery"},
                        {"replaced[].model", "text", "", "of the maker"},
                        {"replaced[].installed_date", "date", "", "of the new battery"}},
             .errors = {ErrorCode::not_found, ErrorCode::conflict},
             .handler = replace}};
}

}  // namespace sitepower
