#include "daemon/control/actuator_desk.hpp"

#include <fmt/format.h>

#include <utility>
#include <vector>

namespace sitepower {
namespace {

constexpr std::string_view prefix = "command/";
constexpr std::string_view suffix = "/ack";
constexpr std::size_t longest_reason = 200;

Error wrong(const char* what) {
    return {ErrorCode::validation_error, what, ""};
}

}  // namespace

Result<CommandAnswer> parse_answer(const std::string& payload) {
    const auto json = parse_input(payload);
    if (!json.is_object()) return wrong("is no JSON object");
    const auto id = json.find("command_id");
    if (id == json.end() || !id->is_string()) return wrong("has no command_id that is a text");
    const auto accepted = json.find("accepted");
    if (accepted == json.end() || !accepted->is_boolean())
        return wrong("has no accepted that is true or false");
    CommandAnswer answer{
        .command_id = id->get<std::string>(), .accepted = accepted->get<bool>(), .reason = {}};
    if (const auto reason = json.find("reason"); reason != json.end() && reason->is_string())
        answer.reason = reason->get<std::string>().substr(0, longest_reason);
    return answer;
}

void ActuatorDesk::order(const Actuator& actuator, const std::string& id, double value, Json body, Time now,
                         Done done) {
    if (const auto* topic = std::get_if<TopicActuator>(&actuator))
        return order_by_topic(*topic, id, std::move(body), now, std::move(done));
    const auto* device = std::get_if<DeviceActuator>(&actuator);
    if (device == nullptr) return;
    auto planned = desk_.plan(device->device, device->command, value);
    if (!planned) return done(planned.error().message);
    const auto ordered = desk_.order(std::move(*planned), [done](const modbus::WriteReport& report) {
        const bool carried_out = report.outcome == modbus::WriteOutcome::verified ||
                                 report.outcome == modbus::WriteOutcome::accepted;
        done(carried_out ? std::string() : report.reason.empty() ? "it was not written" : report.reason);
    });
    if (!ordered) done(ordered.error().message);
}

// Without a connection it would arrive late, and on a topic for what is late.
void ActuatorDesk::order_by_topic(const TopicActuator& actuator, const std::string& id, Json body, Time now,
                                  Done done) {
    if (!outlets_.connected()) return done("the broker is not connected");
    if (waiting_.size() >= capacity) return done("too many commands wait for their answer");
    const auto topic = std::string(prefix) + actuator.topic;
    const auto until = now + actuator.acknowledge_within;
    body["command_id"] = id;
    body["valid_until"] = format_time(until);
    waiting_[id] = {.topic = topic + std::string(suffix), .until = until, .done = std::move(done)};
    outlets_.tell_event(topic, body);
}

bool ActuatorDesk::answered(std::string_view topic, const std::string& payload) {
    if (!topic.starts_with(prefix) || !topic.ends_with(suffix)) return false;
    const auto answer = parse_answer(payload);
    if (!answer) return true;
    const auto found = waiting_.find(answer->command_id);
    if (found == waiting_.end() || found->second.topic != topic) return true;  // late, or told twice
    const auto done = std::move(waiting_.extract(found).mapped().done);
    done(answer->accepted         ? std::string()
         : answer->reason.empty() ? "it was refused without a reason"
                                  : "it was refused: " + answer->reason);
    return true;
}

void ActuatorDesk::tick(Time now) {
    std::vector<Done> late;
    for (auto each = waiting_.begin(); each != waiting_.end();) {
        if (each->second.until > now) {
            ++each;
            continue;
        }
        late.push_back(std::move(each->second.done));
        each = waiting_.erase(each);
    }
    for (const auto& done : late) done("nobody has acknowledged it in time");
}

}  // namespace sitepower
