#include "daemon/publish/request_gate.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace sitepower::request_gate_test {
namespace {

const Steady start{};
const std::string root = "sitepower/v1/DC-CNX-01/";

ReceivedMessage request() {
    return {.topic = root + "request/system.status",
            .payload = "{}",
            .retained = false,
            .response_topic = root + "reply/operator-1",
            .correlation_data = std::string("\0\1", 2),
            .expiry_s = std::nullopt};
}

RequestVerdict verdict(ReceivedMessage message) {
    RequestGate gate(root, 60, start);
    return gate.judge(std::move(message), start).verdict;
}

TEST(RequestGate, HandsOnWhatIsInOrder) {
    RequestGate gate(root, 60, start);
    EXPECT_EQ(gate.filter(), root + "request/+");
    const auto judged = gate.judge(request(), start);
    EXPECT_EQ(judged.verdict, RequestVerdict::accepted);
    EXPECT_EQ(judged.request.operation, "system.status");
    EXPECT_EQ(judged.request.payload, "{}");
    EXPECT_EQ(judged.request.response_topic, root + "reply/operator-1");
    EXPECT_EQ(judged.request.correlation_data, std::string("\0\1", 2));
}

TEST(RequestGate, AnswersOnlyBelowReply) {
    for (const std::string& topic :
         {std::string(), root + "reply/", root + "status", root + "reply/#", root + "reply/+/x",
          root + "reply/a\n", std::string("sitepower/v1/OTHER/reply/x"),
          root + "reply/" + std::string(300, 'x')}) {
        auto message = request();
        message.response_topic = topic;
        EXPECT_EQ(verdict(message), RequestVerdict::dropped) << topic;
    }
}

TEST(RequestGate, DropsWhatIsOldLargeOrNoOperation) {
    auto retained = request();
    retained.retained = true;
    EXPECT_EQ(verdict(retained), RequestVerdict::dropped);
    auto expired = request();
    expired.expiry_s = 0;
    EXPECT_EQ(verdict(expired), RequestVerdict::dropped);
    auto fresh = request();
    fresh.expiry_s = 5;
    EXPECT_EQ(verdict(fresh), RequestVerdict::accepted);
    auto large = request();
    large.payload.assign(64 * 1024, 'x');
    EXPECT_EQ(verdict(large), RequestVerdict::accepted);
    large.payload += 'x';
    EXPECT_EQ(verdict(large), RequestVerdict::dropped);
    auto correlated = request();
    correlated.correlation_data.assign(1025, 'x');
    EXPECT_EQ(verdict(correlated), RequestVerdict::dropped);
    for (const auto* name : {"", "a/b", "A", "a b", "\xff"}) {
        auto strange = request();
        strange.topic = root + "request/" + name;
        EXPECT_EQ(verdict(strange), RequestVerdict::dropped) << name;
    }
    auto elsewhere = request();
    elsewhere.topic = "sitepower/v1/OTHER/request/system.status";
    EXPECT_EQ(verdict(elsewhere), RequestVerdict::dropped);
}

TEST(RequestGate, TellsOnceASecondThatTheRateIsExceeded) {
    RequestGate gate(root, 3, start);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(gate.judge(request(), start).verdict, RequestVerdict::accepted);
    EXPECT_EQ(gate.judge(request(), start).verdict, RequestVerdict::limited);
    EXPECT_EQ(gate.judge(request(), start).verdict, RequestVerdict::dropped);
    const Steady later = start + std::chrono::seconds(1);
    EXPECT_EQ(gate.judge(request(), later).verdict, RequestVerdict::limited);
    EXPECT_EQ(gate.judge(request(), start + std::chrono::seconds(30)).verdict, RequestVerdict::accepted);
}

TEST(RequestGate, DroppedRequestsCostNoRate) {
    RequestGate gate(root, 1, start);
    auto nowhere = request();
    nowhere.response_topic.clear();
    for (int i = 0; i < 100; ++i) gate.judge(nowhere, start);
    EXPECT_EQ(gate.judge(request(), start).verdict, RequestVerdict::accepted);
}

TEST(RequestGate, TheReplyToALimitedOneIsAnErrorBody) {
    const auto json = nlohmann::json::parse(rate_limited_reply(from_ms(1'763'794'468'123)));
    EXPECT_EQ(json["error"]["code"], "RATE_LIMITED");
    EXPECT_EQ(json["meta"]["timestamp"], "2025-11-22T06:54:28.123Z");
}

}  // namespace
}  // namespace sitepower::request_gate_test
