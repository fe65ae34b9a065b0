#include "daemon/publish/request_gate.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "daemon/message/json_writer.hpp"

namespace sitepower {
namespace {

constexpr std::size_t most_payload_bytes = 64 * 1024;
constexpr std::size_t most_response_topic_bytes = 256;
constexpr std::size_t most_correlation_bytes = 1024;
constexpr std::size_t most_operation_bytes = 64;

bool is_operation_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

bool is_operation(std::string_view name) {
    return !name.empty() && name.size() <= most_operation_bytes &&
           std::ranges::all_of(name, is_operation_character);
}

// One or more levels below `prefix`, without wildcards and control characters.
bool is_topic_below(std::string_view topic, std::string_view prefix) {
    if (topic.size() <= prefix.size() || topic.size() > most_response_topic_bytes) return false;
    if (!topic.starts_with(prefix)) return false;
    return std::ranges::none_of(
        topic, [](char c) { return c == '+' || c == '#' || static_cast<unsigned char>(c) < 0x20; });
}

// A minute's worth of requests may come at once.
TokenBucket per_minute_bucket(std::size_t per_minute, Steady now) {
    const auto rate = static_cast<double>(std::max<std::size_t>(per_minute, 1));
    return {rate / 60, rate, now};
}

}  // namespace

RequestGate::RequestGate(std::string root, std::size_t per_minute, Steady now)
    : root_(std::move(root)), rate_(per_minute_bucket(per_minute, now)), complaints_(1, 1, now) {}

bool RequestGate::may_be_answered(const ReceivedMessage& message) const {
    return !message.retained && message.expiry_s != 0U && message.payload.size() <= most_payload_bytes &&
           message.correlation_data.size() <= most_correlation_bytes &&
           is_topic_below(message.response_topic, root_ + "reply/");
}

JudgedRequest RequestGate::judge(ReceivedMessage message, Steady now) {
    const std::string prefix = root_ + "request/";
    if (!message.topic.starts_with(prefix)) return {};
    const auto operation = std::string_view(message.topic).substr(prefix.size());
    if (!is_operation(operation) || !may_be_answered(message)) return {};
    JudgedRequest judged{.verdict = RequestVerdict::accepted,
                         .request = {.operation = std::string(operation),
                                     .payload = std::move(message.payload),
                                     .response_topic = std::move(message.response_topic),
                                     .correlation_data = std::move(message.correlation_data)}};
    if (rate_.take(now)) return judged;
    judged.verdict = complaints_.take(now) ? RequestVerdict::limited : RequestVerdict::dropped;
    return judged;
}

std::string rate_limited_reply(Time now) {
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    json.key("error");
    json.begin_object();
    json.key("code");
    json.text("RATE_LIMITED");
    json.key("message");
    json.text("Too many requests: wait a minute, then ask less often.");
    json.key("details");
    json.null();
    json.end_object();
    json.key("meta");
    json.begin_object();
    json.key("timestamp");
    json.time(now);
    json.key("request_id");
    json.null();
    json.key("processing_time_ms");
    json.integer(0);
    json.end_object();
    json.end_object();
    return out;
}

}  // namespace sitepower
