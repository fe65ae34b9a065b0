#include "daemon/publish/metric_gate.hpp"

#include <gtest/gtest.h>

namespace sitepower::metric_gate_test {
namespace {

const Steady start{};
const std::string root = "sitepower/v1/DC-CNX-01/";
const Time now = from_ms(1'795'328'068'123);

ReceivedMessage said(std::string payload, const std::string& metric = "web/requests") {
    return {.topic = root + "metric/" + metric, .payload = std::move(payload)};
}

std::optional<MetricValue> value_of(std::string payload) {
    MetricGate gate(root, {"web/requests"}, start);
    return gate.judge(said(std::move(payload)), start, now).value;
}

TEST(MetricGate, TakesNumbersAndObjects) {
    EXPECT_EQ(value_of("12.5")->value, 12.5);
    EXPECT_EQ(value_of("12.5")->time, now);
    EXPECT_EQ(value_of(" -3e2\n")->value, -300);
    const auto timed = value_of(R"({"value": 7, "time": "2026-11-22T06:14:28Z", "unit": "1/s"})");
    EXPECT_EQ(timed->value, 7);
    EXPECT_EQ(timed->metric, "web/requests");
    EXPECT_EQ(timed->time, *parse_time("2026-11-22T06:14:28Z"));
    EXPECT_EQ(value_of(R"({"value": 7, "time_ms": 1000})")->time, from_ms(1000));
    EXPECT_EQ(value_of(R"({"value": 7})")->time, now);
}

TEST(MetricGate, RefusesEverythingElse) {
    for (const char* payload :
         {"", "x", "NaN", "1e999", "\"7\"", "[7]", "null", "true", "{}", R"({"value": "7"})",
          R"({"value": null})", R"({"value": 7, "time": 5})", R"({"value": 7, "time": "noon"})",
          R"({"value": 7, "time_ms": 1.5})", R"({"value": 7, "time_ms": -1})",
          R"({"value": 7, "time_ms": 99999999999999999})", "7 7", "{\"value\": 7"}) {
        EXPECT_FALSE(value_of(payload)) << payload;
    }
    EXPECT_FALSE(value_of(std::string(MetricGate::longest_payload, ' ') + "7"));
}

TEST(MetricGate, ConcernsDeclaredMetricsOnly) {
    const MetricGate gate(root, {"web/requests", "db/cpu"}, start);
    EXPECT_EQ(gate.filters().size(), 2U);
    EXPECT_TRUE(gate.concerns(root + "metric/db/cpu"));
    EXPECT_FALSE(gate.concerns(root + "metric/db/memory"));
    EXPECT_FALSE(gate.concerns("metric/db/cpu"));
}

TEST(MetricGate, ComplainsOnceOfEachMetric) {
    MetricGate gate(root, {"web/requests", "db/cpu"}, start);
    EXPECT_FALSE(gate.judge(said("x"), start, now).complaint.empty());
    EXPECT_TRUE(gate.judge(said("x"), start, now).complaint.empty());
    EXPECT_FALSE(gate.judge(said("x", "db/cpu"), start, now).complaint.empty());
}

TEST(MetricGate, TakesNoRetainedValue) {
    MetricGate gate(root, {"web/requests"}, start);
    auto message = said("7");
    message.retained = true;
    const auto judged = gate.judge(message, start, now);
    EXPECT_FALSE(judged.value);
    EXPECT_NE(judged.complaint.find("retained"), std::string::npos);
}

TEST(MetricGate, IsNotFlooded) {
    MetricGate gate(root, {"web/requests"}, start);
    int taken = 0;
    for (int i = 0; i < 5000; ++i) taken += gate.judge(said("7"), start, now).value ? 1 : 0;
    EXPECT_EQ(taken, 1000);
    EXPECT_TRUE(gate.judge(said("7"), start + std::chrono::seconds(1), now).value);
}

}  // namespace
}  // namespace sitepower::metric_gate_test
