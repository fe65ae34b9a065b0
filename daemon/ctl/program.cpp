#include "daemon/ctl/program.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "daemon/ctl/command.hpp"
#include "daemon/ctl/format.hpp"
#include "daemon/ctl/offline_check.hpp"
#include "daemon/ctl/predict_csv.hpp"
#include "daemon/ctl/table.hpp"
#include "daemon/ctl/view.hpp"
#include "daemon/operation/error_table.hpp"
#include "daemon/operation/table.hpp"

namespace sitepower::ctl {
namespace {

void say(const std::string& text, std::ostream& err) {
    err << wrapped_lines(text, terminal_width, 4);
}

// status ends with a code of its own, so that a script need not read the text.
ExitCode judge(std::string_view operation, const Json& data) {
    if (operation == "system.status" && member(data, "status") != "operational") return ExitCode::degraded;
    if (operation == "config.check" && member(data, "accepted") != true) return ExitCode::failed;
    return ExitCode::fine;
}

// Whether the daemon refused what was written on the command line, and not what it found elsewhere.
bool is_usage(const AskCommand& asked, const Json& error) {
    if (member(error, "code") != to_string(ErrorCode::validation_error)) return false;
    const auto& details = member(error, "details");
    const auto is_given = [&](const Json& detail) {
        return std::ranges::any_of(asked.parameters,
                                   [&](const auto& given) { return member(detail, "field") == given.first; });
    };
    return details.is_array() && std::ranges::any_of(details, is_given);
}

// The error in the words of the command line.
Json renamed(const AskCommand& asked, Json error) {
    if (!member(error, "details").is_array()) return error;
    for (auto& detail : error["details"]) {
        const auto& field = member(detail, "field");
        if (field.is_string()) detail["field"] = option_of(asked, field.get<std::string>());
    }
    return error;
}

ExitCode show(const AskCommand& asked, const Command& command, const std::string& text, std::ostream& out,
              std::ostream& err) {
    const auto envelope = Json::parse(text, nullptr, false);
    if (!envelope.is_object() || (!envelope.contains("data") && !envelope.contains("error"))) {
        say("sitepowerctl: what answers at " + command.socket + " is not sitepowerd", err);
        return ExitCode::failed;
    }
    if (command.json) out << text << '\n';
    if (envelope.contains("error")) {
        const auto& error = envelope["error"];
        if (!command.json) say("sitepowerctl: " + view_error(renamed(asked, error)), err);
        return is_usage(asked, error) ? ExitCode::usage : ExitCode::failed;
    }
    const auto& data = envelope["data"];
    const auto& timestamp = member(envelope, "meta.timestamp");
    const auto now =
        timestamp.is_string() ? parse_time(timestamp.get_ref<const std::string&>()) : std::nullopt;
    if (!command.json) out << view(asked.operation, data, now.value_or(Time{}));
    return judge(asked.operation, data);
}

ExitCode carry_out(const AskCommand& asked, const Command& command, std::ostream& out, std::ostream& err) {
    const auto* operation = find_operation(asked.operation);
    const auto response = ask(command.socket, *operation, asked.parameters, command.at_most);
    if (!response) {
        const auto& error = response.error();
        say("sitepowerctl: " + error.message + (error.detail.empty() ? "" : " (" + error.detail + ")"), err);
        return error.code == ErrorCode::service_unavailable ? ExitCode::unreachable : ExitCode::failed;
    }
    return show(asked, command, response->text, out, err);
}

}  // namespace

namespace {

ExitCode run_command(std::vector<std::string> arguments, Time now, std::ostream& out, std::ostream& err) {
    const auto read = read_command_line(std::move(arguments), now);
    if (const auto* end = std::get_if<EndNow>(&read)) {
        out << end->output;
        err << end->error;
        return end->code;
    }
    const auto& command = std::get<Command>(read);
    if (const auto* check = std::get_if<CheckCommand>(&command.what)) {
        return check_offline(*check, command.json, now, out);
    }
    if (const auto* field = std::get_if<FieldCommand>(&command.what)) {
        return carry_out_field(*field, command.json, now, out, err);
    }
    if (const auto* predict = std::get_if<PredictCommand>(&command.what)) {
        return predict_csv(*predict, command, out, err);
    }
    return carry_out(std::get<AskCommand>(command.what), command, out, err);
}

}  // namespace

ExitCode run(std::vector<std::string> arguments, Time now, std::ostream& out, std::ostream& err) {
    const auto code = run_command(std::move(arguments), now, out, err);
    if (out.flush()) return code;
    say("sitepowerctl: the output cannot be written: the disk is full, or the reader has gone", err);
    return ExitCode::failed;
}

}  // namespace sitepower::ctl
