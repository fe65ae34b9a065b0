#include "daemon/operation/dispatcher.hpp"

#include <fmt/format.h>

#include <utility>

#include "daemon/operation/error_table.hpp"
#include "daemon/operation/table.hpp"

namespace sitepower {
namespace {

constexpr std::size_t longest_audit_text = 1000;

Failure validation_failure(const Operation& operation, const std::vector<FieldError>& errors) {
    Failure failure{ErrorCode::validation_error,
                    fmt::format("{}: {} wrong: {} {}", operation.name,
                                errors.size() == 1 ? "a parameter is" : "several parameters are",
                                errors.front().field, errors.front().problem)};
    for (const auto& error : errors) {
        failure.details.push_back(
            {{"field", error.field}, {"problem", error.problem}, {"allowed", error.allowed}});
    }
    return failure;
}

Failure role_failure(const Operation& operation, Role role) {
    const auto cure = operation.role == Role::admin ? "root or a member of group sitepower-admin"
                                                    : "a member of group sitepower or sitepower-admin";
    return {ErrorCode::forbidden,
            fmt::format("{} needs the role {}, and the caller is {}: call it as {}", operation.name,
                        to_string(operation.role), to_string(role), cure)};
}

// What was asked for, as one line of the audit trail: "alert.acknowledge alert_id=A-7 note=checked".
std::string audit_text(const Operation& operation, const RawParameters& raw) {
    std::string text(operation.name);
    for (const auto& [name, value] : raw.texts) text += fmt::format(" {}={}", name, value);
    for (const auto& item : raw.body.items()) {
        if (text.size() > longest_audit_text) break;
        // No parameter is a list or an object, and writing one out takes a stack as deep as a stranger likes.
        text += fmt::format(" {}={}", item.key(),
                            item.value().is_structured() ? "(not a value)" : to_text(item.value()));
    }
    if (text.size() > longest_audit_text) text.resize(longest_audit_text);
    return text;
}

}  // namespace

// One operation under way.
struct Dispatcher::Call {
    Context* context;
    const Operation* operation;
    Caller caller;
    std::string asked;  // for the audit trail; empty for a reading operation
    std::string request_id;
    std::chrono::steady_clock::time_point started;
    Send send;
};

std::string Dispatcher::next_request_id() {
    return fmt::format("{:08x}-{}", seed_, ++count_);
}

void Dispatcher::finish(Call& call, Outcome outcome) {
    const auto* failure = std::get_if<Failure>(&outcome);
    const std::chrono::duration<double, std::milli> spent = call.context->steady_now() - call.started;
    const Meta meta{call.context->now(), std::move(call.request_id), spent.count()};
    if (!call.asked.empty()) {
        auto result =
            failure != nullptr ? fmt::format("{}: {}", to_string(failure->code), failure->message) : "done";
        call.context->audit({meta.timestamp, std::move(call.caller.who), std::move(call.caller.from),
                             std::move(call.asked), std::move(result)});
    }
    const int status = failure != nullptr ? http_status(failure->code) : 200;
    call.send(Answer{status, envelope(std::move(outcome), meta)});
}

void Dispatcher::execute(const Operation& operation, const RawParameters& raw, Caller caller, Send send) {
    rate_.count(context_->steady_now());
    Call call{context_,       &operation, std::move(caller), {}, next_request_id(), context_->steady_now(),
              std::move(send)};
    if (operation.changes_state()) call.asked = audit_text(operation, raw);
    if (call.caller.role < operation.role) {
        finish(call, role_failure(operation, call.caller.role));
        return;
    }
    auto checked = check_parameters(operation.parameters, raw);
    if (const auto* errors = std::get_if<std::vector<FieldError>>(&checked)) {
        call.asked.clear();  // nothing was attempted yet
        finish(call, validation_failure(operation, *errors));
        return;
    }
    Request request{std::get<Parameters>(std::move(checked)), call.caller};
    if (const auto* immediate = std::get_if<Immediate>(&operation.handler)) {
        finish(call, (*immediate)(request, *context_));
        return;
    }
    Reply reply([call = std::move(call)](Outcome outcome) mutable { finish(call, std::move(outcome)); });
    std::get<Deferred>(operation.handler)(std::move(request), *context_, std::move(reply));
}

Answer Dispatcher::refuse(Failure failure) {
    rate_.count(context_->steady_now());
    const int status = http_status(failure.code);
    return {status, envelope(std::move(failure), {context_->now(), next_request_id(), 0})};
}

void execute_mqtt_request(Dispatcher& dispatcher, std::string_view operation, std::string_view payload,
                          UniqueFunction<void(std::string)> reply) {
    const auto* row = find_operation(operation);
    if (row == nullptr) {
        reply(dispatcher
                  .refuse({ErrorCode::not_found,
                           fmt::format("no operation is called {}; did you mean {}?", operation.substr(0, 64),
                                       nearest_operation(operation))})
                  .body);
        return;
    }
    if (row->changes_state()) {
        reply(dispatcher
                  .refuse({ErrorCode::forbidden,
                           fmt::format("{} changes the site: over MQTT there are reading operations only",
                                       row->name)})
                  .body);
        return;
    }
    auto raw = read_body(payload);
    if (auto* failure = std::get_if<Failure>(&raw)) {
        reply(dispatcher.refuse(std::move(*failure)).body);
        return;
    }
    dispatcher.execute(*row, std::get<RawParameters>(raw), {Role::viewer, "mqtt", "mqtt"},
                       [reply = std::move(reply)](Answer answer) mutable { reply(std::move(answer.body)); });
}

namespace {

// The message of an error and what it finds fault with.
std::string reason_of(const Json& error) {
    auto reason = error.value("message", "refused");
    if (!error.contains("details")) return reason;
    for (const auto& detail : error["details"]) {
        if (!detail.is_object() || !detail.contains("problem")) continue;
        const auto field = detail.value("field", "");
        reason += ": " + field + (field.empty() ? "" : " ") + detail.value("problem", "");
    }
    return reason;
}

}  // namespace

void execute_mqtt_bid(Dispatcher& dispatcher, std::string_view load_class, std::string_view payload,
                      UniqueFunction<void(std::string)> refused) {
    auto raw = read_body(payload);
    if (const auto* failure = std::get_if<Failure>(&raw)) return refused(failure->message);
    auto& parameters = std::get<RawParameters>(raw);
    parameters.texts.emplace_back("class", load_class);
    dispatcher.execute(*find_operation("bids"), parameters, {Role::engineer, "mqtt", "mqtt"},
                       [refused = std::move(refused)](const Answer& answer) mutable {
                           const auto envelope = Json::parse(answer.body, nullptr, false);
                           if (!envelope.is_object() || !envelope.contains("error")) return;
                           const auto& error = envelope["error"];
                           if (error.is_object()) refused(reason_of(error));
                       });
}

std::variant<RawParameters, Failure> read_body(std::string_view text) {
    RawParameters raw;
    if (text.empty()) return raw;
    InputJson body = parse_input(text);
    if (body.is_discarded()) {
        return Failure{
            ErrorCode::bad_request,
            fmt::format("the body is not well-formed JSON, or nested deeper than {} levels", deepest_json)};
    }
    if (!body.is_object()) return Failure{ErrorCode::bad_request, "the body is not a JSON object"};
    raw.body = std::move(body);
    return raw;
}

}  // namespace sitepower
