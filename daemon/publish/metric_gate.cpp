#include "daemon/publish/metric_gate.hpp"

#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

namespace sitepower {
namespace {

using Json = nlohmann::json;

// Until the year 2200: what is later was written in microseconds.
constexpr std::int64_t latest_ms = 7'258'118'400'000;

Error wrong(std::string message) {
    return {.code = ErrorCode::validation_error, .message = std::move(message), .detail = {}};
}

Result<Time> time_of(const Json& object, Time arrived) {
    if (const auto text = object.find("time"); text != object.end()) {
        const auto time = text->is_string() ? parse_time(text->get_ref<const std::string&>()) : std::nullopt;
        if (!time) return wrong(R"("time" is not an ISO 8601 time such as "2026-11-22T06:14:28Z")");
        return *time;
    }
    if (const auto number = object.find("time_ms"); number != object.end()) {
        const bool whole = number->is_number_integer();
        const auto ms = whole ? number->get<std::int64_t>() : -1;
        if (ms < 0 || ms > latest_ms) return wrong(R"("time_ms" is not a number of milliseconds since 1970)");
        return from_ms(ms);
    }
    return arrived;
}

}  // namespace

Result<MetricValue> parse_metric(std::string metric, const std::string& payload, Time arrived) {
    const auto json = Json::parse(payload, nullptr, false);
    const bool object = json.is_object();
    if (!object && !json.is_number())
        return wrong(R"(is neither a number nor {"value": NUMBER, "time": TIME})");
    if (object && (!json.contains("value") || !json["value"].is_number())) {
        return wrong(R"(has no "value" that is a number)");
    }
    const auto value = object ? json["value"].get<double>() : json.get<double>();
    if (!std::isfinite(value)) return wrong("is not a finite number");
    const auto time = object ? time_of(json, arrived) : Result<Time>(arrived);
    if (!time) return time.error();
    return MetricValue{.metric = std::move(metric), .time = time.value(), .value = value};
}

MetricGate::MetricGate(const std::string& root, const std::vector<std::string>& metrics, Steady now)
    : prefix_(root + "metric/"), rate_(values_per_second, values_per_second, now) {
    for (const auto& metric : metrics) topics_.insert(prefix_ + metric);
}

MetricGate::Judged MetricGate::judge(const ReceivedMessage& message, Steady now, Time arrived) {
    Judged judged{.value = {}, .metric = message.topic.substr(prefix_.size()), .complaint = {}};
    std::string why;
    if (message.retained) {
        why = "is retained: nobody knows how old it is, publish it without";
    } else if (!rate_.take(now)) {
        why = "comes with more than 1000 others in a second";
    } else if (message.payload.size() > longest_payload) {
        why = "is longer than 1024 bytes";
    } else if (auto parsed = parse_metric(judged.metric, message.payload, arrived)) {
        judged.value = std::move(parsed.value());
        return judged;
    } else {
        why = parsed.error().message;
    }
    if (complained_.insert(judged.metric).second) judged.complaint = std::move(why);
    return judged;
}

}  // namespace sitepower
