// Writes to devices: what may be ordered, and ordering it.
#include <algorithm>
#include <utility>
#include <vector>

#include "daemon/control/command_desk.hpp"
#include "daemon/operation/rows/rows.hpp"
#include "daemon/operation/rows/subject.hpp"

namespace sitepower {
namespace {

Json describe(const SiteModel& model, const config::CommandConfig& entry) {
    const auto& command = entry.command;
    Record record;
    record.set("device_id", model.devices[position(entry.device)].id).set("command", command.name);
    record.text("label", command.label, "not_in_profile");
    record.set("enabled", entry.enabled);
    const auto& value = command.value;
    record.maybe("lowest", value ? std::optional(value->lowest) : std::nullopt, "takes_no_value");
    record.maybe("highest", value ? std::optional(value->highest) : std::nullopt, "takes_no_value");
    record.text("unit", command.unit, value ? "without_unit" : "takes_no_value");
    record.text("verified_by", command.verify, "no_point_shows_it");
    return record.take();
}

Outcome commands(const Request& request, Context& context) {
    const auto& model = context.site().model();
    const auto device_id = request.parameters.text("device_id");
    if (device_id && !find_device(model, *device_id)) return not_found("device", *device_id, "devices");
    std::vector<config::CommandConfig> found;
    std::ranges::copy_if(context.commands().commands(), std::back_inserter(found),
                         [&](const config::CommandConfig& entry) {
                             return !device_id || model.devices[position(entry.device)].id == *device_id;
                         });
    return page(found, request.parameters,
                [&](const config::CommandConfig& entry) { return describe(model, entry); });
}

Json words_of(const modbus::WriteRequest& request) {
    Json words = Json::array();
    for (const auto word : request.words) words.push_back(word);
    return words;
}

// What is the same before and after it was sent.
Record describe_order(const Parameters& parameters, const OrderedCommand& planned) {
    Record record;
    record.set("device_id", parameters.required_text("device_id"));
    record.set("command", parameters.required_text("command"));
    record.maybe("value", planned.written, "takes_no_value");
    record.set("table", planned.order.request.table == modbus::Table::coil ? "coil" : "holding");
    record.set("address", planned.order.request.address);
    record.set("words", words_of(planned.order.request));
    return record;
}

Outcome outcome_of(Record record, const modbus::WriteReport& report, bool has_read_back) {
    using modbus::WriteOutcome;
    if (report.outcome != WriteOutcome::verified && report.outcome != WriteOutcome::accepted) {
        const bool answered =
            report.outcome == WriteOutcome::refused || report.outcome == WriteOutcome::ineffective;
        Failure failure{answered ? ErrorCode::conflict : ErrorCode::service_unavailable,
                        report.outcome == WriteOutcome::unknown
                            ? "it is not known whether the command was carried out: " + report.reason
                            : "the command was not carried out: " + report.reason};
        record.set("problem", to_string(report.outcome)).set("status", to_string(report.outcome));
        record.maybe("read_back", report.read_back, has_read_back ? "not_read" : "no_point_shows_it");
        failure.details.push_back(record.take());
        return failure;
    }
    record.set("status", to_string(report.outcome));
    record.maybe("read_back", report.read_back, "no_point_shows_it");
    return record.take();
}

// A device has one master: what a plan sets is not set by hand beside it, whatever its state is just now.
std::optional<Failure> held_by_control(const std::string& device_id, Context& context) {
    const auto controlled = context.control().controlled();
    const auto found = std::ranges::find(controlled, device_id, &ControlStatus::device_id);
    if (found == controlled.end()) return std::nullopt;
    return Failure{ErrorCode::conflict,
                   "nothing was sent: " + device_id + " follows the plan for " + found->id +
                       ", and is set by sitepowerd alone. Take its control table out of the configuration "
                       "and reload, then command it"};
}

// NOLINTNEXTLINE(performance-unnecessary-value-param): the signature of every asynchronous operation
void send_command(Request request, Context& context, Reply reply) {
    const auto& parameters = request.parameters;
    const auto device_id = parameters.required_text("device_id");
    const auto device = find_device(context.site().model(), device_id);
    if (!device) return reply(not_found("device", device_id, "devices"));
    auto planned =
        context.commands().plan(*device, parameters.required_text("command"), parameters.number("value"));
    if (!planned) return reply(failure_of(planned.error()));
    auto record = describe_order(parameters, *planned);
    if (*parameters.flag("simulate")) {
        record.set("status", "simulated").unknown("read_back", "simulated");
        return reply(record.take());
    }
    if (auto failure = held_by_control(device_id, context)) return reply(std::move(*failure));
    const bool has_read_back = planned->order.read_back.has_value();
    // Shared, because a refused order drops the callback and its reply is then given here.
    const auto waiting = std::make_shared<Reply>(std::move(reply));
    const auto ordered = context.commands().order(
        std::move(*planned),
        [waiting, record = std::move(record), has_read_back](const modbus::WriteReport& report) mutable {
            (*waiting)(outcome_of(std::move(record), report, has_read_back));
        });
    if (!ordered) (*waiting)(failure_of(ordered.error()));
}

Operation commands_row() {
    return {.name = "commands",
            .path = "/api/v1/commands",
            .summary = "What could be written to the devices, and what the site enables",
            .parameters = {identifier_parameter("device_id", "only those of that device"), skip_parameter(),
                           limit_parameter()},
            .result = page_fields({{"device_id", "text", "", "the device"},
                                   {"command", "text", "", "by the name of its profile"},
                                   {"label", "text", "", "for people"},
                                   {"enabled", "boolean", "", "whether the site allows it to be sent"},
                                   {"lowest", "number", "", "value that may be set"},
                                   {"highest", "number", "", "value that may be set"},
                                   {"unit", "text", "", "of the value"},
                                   {"verified_by", "text", "", "the point that shows its effect"}}),
            .errors = {ErrorCode::not_found},
            .handler = commands};
}

Operation send_row() {
    return {.name = "device.command",
            .method = Method::post,
            .path = "/api/v1/devices/{device_id}/commands",
            .role = Role::admin,
            .summary = "Write to a device what its profile describes and the site enables, and read it back",
            .parameters = {path_parameter("device_id", "the device"),
                           {.name = "command",
                            .help = "by the name that commands lists",
                            .required = true,
                            .maximum = 64},
                           {.name = "value",
                            .type = ParameterType::number,
                            .help = "for a command that sets one, in its unit",
                            .minimum = -1e12,
                            .maximum = 1e12},
                           {.name = "simulate",
                            .type = ParameterType::boolean,
                            .help = "say what would be written, and write nothing",
                            .fallback = "false"}},
            .result = {{"device_id", "text", "", "the device"},
                       {"command", "text", "", "as asked"},
                       {"value", "number", "", "that the device can hold, nearest to what was asked for"},
                       {"table", "text", "", "holding or coil"},
                       {"address", "integer", "", "on the wire, from 0"},
                       {"words[]", "integer", "", "as they go over the wire"},
                       {"status", "text", "",
                        "verified (read back), accepted (acknowledged; nothing to read back) or simulated"},
                       {"read_back", "number", "", "what the point that shows the effect holds"}},
            .errors = {ErrorCode::not_found, ErrorCode::conflict},
            .handler = send_command};
}

}  // namespace

std::vector<Operation> command_rows() {
    return {commands_row(), send_row()};
}

}  // namespace sitepower
