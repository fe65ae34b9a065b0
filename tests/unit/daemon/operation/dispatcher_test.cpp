#include "daemon/operation/dispatcher.hpp"

#include <gmock/gmock.h>

#include "tests/unit/daemon/operation/ask.hpp"

namespace sitepower::dispatcher_test {
namespace {

using testing::HasSubstr;

std::string code(const Asked& asked) {
    return asked.body.at("error").at("code");
}

TEST(Dispatcher, WrapsASuccess) {
    Asking asking;
    const auto asked = asking.ask("ready");
    EXPECT_EQ(asked.body.at("data").at("status"), "ready");
    EXPECT_FALSE(asked.body.contains("error"));
    const auto& meta = asked.body.at("meta");
    EXPECT_EQ(meta.at("timestamp"), "2026-11-22T06:14:28.123Z");
    EXPECT_EQ(meta.at("request_id"), "000000ab-1");
    EXPECT_TRUE(meta.at("processing_time_ms").is_number());
}

TEST(Dispatcher, NumbersRequests) {
    Asking asking;
    EXPECT_NE(asking.ask("health").body["meta"]["request_id"],
              asking.ask("health").body["meta"]["request_id"]);
}

TEST(Dispatcher, MeasuresTheTimeUntilALateAnswer) {
    Asking asking;
    std::string body;
    RawParameters raw;
    raw.texts = {{"point", "ups-1.load_kw"}};
    asking.dispatcher.execute(*find_operation("history"), raw, viewer, [&](Answer a) { body = a.body; });
    EXPECT_EQ(body, "");
    asking.context.steady += std::chrono::microseconds{12'345};
    asking.context.run_queries();
    EXPECT_EQ(Json::parse(body)["meta"]["processing_time_ms"], 12.345);
}

TEST(Dispatcher, ListsEveryWrongField) {
    Asking asking;
    const auto asked = asking.ask("batteries", {{"limit", "0"}, {"status", "fine"}, {"colour", "red"}});
    EXPECT_EQ(asked.status, 422);
    EXPECT_EQ(code(asked), "VALIDATION_ERROR");
    ASSERT_EQ(asked.body["error"]["details"].size(), 3U);
    EXPECT_EQ(asked.body["error"]["details"][0]["field"], "limit");
    EXPECT_EQ(asked.body["error"]["details"][0]["allowed"], "1 to 1000");
    EXPECT_EQ(asked.body["error"]["details"][1]["allowed"], "healthy, warning, critical, unknown");
}

TEST(Dispatcher, LetsEachRoleDoWhatItMay) {
    for (const auto& operation : operations()) {
        for (const auto& caller : {viewer, engineer, admin}) {
            Asking asking;
            const auto asked = asking.ask(operation.name, {{"surely", "wrong"}}, caller);
            const bool may = caller.role >= operation.role;
            EXPECT_EQ(code(asked), may ? "VALIDATION_ERROR" : "FORBIDDEN")
                << operation.name << " " << caller.who;
        }
    }
}

TEST(Dispatcher, SaysWhoMayDoIt) {
    Asking asking;
    const auto asked = asking.ask("config.reload", {}, engineer);
    EXPECT_EQ(asked.status, 403);
    EXPECT_THAT(asked.body["error"]["message"].get<std::string>(), HasSubstr("sitepower-admin"));
}

TEST(Dispatcher, AuditsAChange) {
    Asking asking;
    asking.ask("alert.acknowledge", {{"alert_id", "A-low"}, {"note", "on my way"}}, engineer);
    ASSERT_EQ(asking.context.audited.size(), 1U);
    const auto& row = asking.context.audited[0];
    EXPECT_EQ(row.who, "alice");
    EXPECT_EQ(row.from, "unix:uid=1000");
    EXPECT_EQ(row.what, "alert.acknowledge alert_id=A-low note=on my way");
    EXPECT_EQ(row.result, "done");
    EXPECT_EQ(row.time, support::fake_now);
}

TEST(Dispatcher, AuditsWhatWasRefused) {
    Asking asking;
    asking.ask("config.reload", {}, viewer);
    asking.context.refusal = Error{ErrorCode::conflict, "was acknowledged before", {}};
    asking.ask("alert.acknowledge", {{"alert_id", "A-offline"}}, engineer);
    ASSERT_EQ(asking.context.audited.size(), 2U);
    EXPECT_THAT(asking.context.audited[0].result, HasSubstr("FORBIDDEN"));
    EXPECT_EQ(asking.context.audited[1].result, "CONFLICT: was acknowledged before");
}

TEST(Dispatcher, DoesNotAuditReading) {
    Asking asking;
    asking.ask("alerts");
    asking.ask("config.check");
    EXPECT_TRUE(asking.context.audited.empty());
}

TEST(Dispatcher, KeepsAuditRowsShort) {
    Asking asking;
    asking.ask("alert.resolve", {{"alert_id", "A-low"}, {"note", std::string(500, 'n')}}, engineer);
    RawParameters raw;
    for (int i = 0; i < 10'000; ++i) raw.body["field" + std::to_string(i)] = "x";
    asking.dispatcher.execute(*find_operation("config.reload"), raw, viewer, [](const Answer&) {});
    ASSERT_EQ(asking.context.audited.size(), 2U);
    EXPECT_LE(asking.context.audited[1].what.size(), 1000U);
}

TEST(Dispatcher, AnswersWhenTheWorkerIsBusy) {
    Asking asking;
    asking.context.query_capacity = 0;
    const auto asked = asking.ask("history", {{"point", "ups-1.load_kw"}});
    EXPECT_EQ(asked.status, 503);
    EXPECT_EQ(code(asked), "SERVICE_UNAVAILABLE");
}

TEST(Dispatcher, AnswersWhenAQueryIsDropped) {
    Asking asking;
    int status = 0;
    RawParameters raw;
    raw.texts = {{"point", "ups-1.load_kw"}};
    asking.dispatcher.execute(*find_operation("history"), raw, viewer,
                              [&](Answer a) { status = a.http_status; });
    asking.context.queries.clear();
    EXPECT_EQ(status, 503);
}

TEST(Dispatcher, PassesOnWhyTheStoreCannotAnswer) {
    Asking asking;
    asking.context.history.failure =
        Error{ErrorCode::internal_error, "cannot read the database", "disk I/O error"};
    for (const auto* name : {"history", "telemetry", "alerts"}) {
        Texts texts{{"point", "ups-1.load_kw"}};
        if (std::string_view(name) == "telemetry")
            texts = {{"battery_id", "BAT-DC-CNX-01-UPS-01-STR-01-001"}};
        if (std::string_view(name) == "alerts") texts = {{"active_only", "false"}};
        const auto asked = asking.ask(name, texts);
        EXPECT_EQ(asked.status, 500) << name;
        EXPECT_EQ(asked.body["error"]["details"][0]["problem"], "disk I/O error");
    }
}

TEST(Dispatcher, CountsRequestsOfTheLastMinute) {
    Asking asking;
    for (int i = 0; i < 5; ++i) asking.ask("health");
    EXPECT_EQ(asking.dispatcher.requests_per_minute(), 5U);
    asking.context.steady += std::chrono::seconds{59};
    EXPECT_EQ(asking.dispatcher.requests_per_minute(), 5U);
    asking.context.steady += std::chrono::seconds{1};
    EXPECT_EQ(asking.dispatcher.requests_per_minute(), 0U);
}

TEST(Dispatcher, ReplacesBytesThatAreNotUtf8) {
    Asking asking;
    asking.context.fake_site.alerts[0].message = "broken \xff text";
    const auto asked = asking.ask("alerts");
    EXPECT_EQ(asked.status, 200);
}

std::string mqtt(Asking& asking, std::string_view operation, std::string_view payload) {
    std::string reply;
    execute_mqtt_request(asking.dispatcher, operation, payload,
                         [&](std::string text) { reply = std::move(text); });
    asking.context.run_queries();
    return reply;
}

TEST(MqttRequest, AnswersReadingOperations) {
    Asking asking;
    const auto reply = Json::parse(mqtt(asking, "batteries", R"({"limit": 1})"));
    EXPECT_EQ(reply["data"]["items"].size(), 1U);
    EXPECT_EQ(reply["data"]["total"], 3);
    EXPECT_EQ(Json::parse(mqtt(asking, "ready", ""))["data"]["status"], "ready");
}

TEST(MqttBid, IsTheOperationForThatClass) {
    Asking asking;
    execute_mqtt_bid(
        asking.dispatcher, "training",
        R"({"segments": [{"value_per_kwh": 0.5, "kw": 25}], "valid_until": "2026-11-22T12:00:00Z"})",
        [](const std::string& reason) { ADD_FAILURE() << reason; });
    ASSERT_EQ(asking.context.fake_planner.bids.count("training"), 1U);
    EXPECT_EQ(asking.context.fake_planner.bids["training"].segments[0].width_kw, 25);
    EXPECT_EQ(asking.context.audited.back().who, "mqtt");
    EXPECT_EQ(asking.context.audited.back().result, "done");
}

TEST(MqttBid, WhatIsNoneIsRefusedWithItsReason) {
    Asking asking;
    std::vector<std::string> refused;
    for (const auto* payload :
         {"", "{", "[]", R"({"segments": "all"})",
          R"({"segments": [], "valid_until": "2026-11-22T06:00:00Z"})",  // over already
          R"({"segments": [{"value_per_kwh": 0.5, "kw": -1}], "valid_until": "2026-11-22T12:00:00Z"})",
          R"({"class": "mining", "segments": [], "valid_until": "2026-11-22T12:00:00Z"})"}) {
        execute_mqtt_bid(asking.dispatcher, "training", payload,
                         [&](const std::string& reason) { refused.push_back(reason); });
    }
    ASSERT_EQ(refused.size(), 7U);
    EXPECT_EQ(refused[5], "the segments are no bid: segments [0].kw is not from 0 to 1000000");
    EXPECT_THAT(refused[1], testing::HasSubstr("not well-formed JSON"));
    for (const auto& reason : refused) EXPECT_FALSE(reason.empty());
    EXPECT_TRUE(asking.context.fake_planner.bids.empty());
    for (const auto& row : asking.context.audited) EXPECT_NE(row.result, "done");
}

TEST(MqttRequest, RefusesChangesUnknownNamesAndBrokenPayloads) {
    Asking asking;
    const auto code_of = [&](std::string_view operation, std::string_view payload) {
        return Json::parse(mqtt(asking, operation, payload))["error"]["code"].get<std::string>();
    };
    EXPECT_EQ(code_of("alert.resolve", R"({"alert_id": "A-low"})"), "FORBIDDEN");
    EXPECT_EQ(code_of("config.check", ""), "FORBIDDEN");
    EXPECT_EQ(code_of("bateries", ""), "NOT_FOUND");
    EXPECT_EQ(code_of("batteries", "{"), "BAD_REQUEST");
    EXPECT_EQ(code_of("batteries", "[1]"), "BAD_REQUEST");
    EXPECT_EQ(code_of("batteries", R"({"limit": 0})"), "VALIDATION_ERROR");
    EXPECT_TRUE(asking.context.applied.empty());
}

TEST(Reply, IsGivenOnceAndByItselfWhenDropped) {
    std::vector<Outcome> sent;
    {
        Reply reply([&](Outcome outcome) { sent.push_back(std::move(outcome)); });
        Reply moved(std::move(reply));
        moved(Json{{"a", 1}});
    }
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(std::get<Json>(sent[0])["a"], 1);
    {
        const Reply dropped([&](Outcome outcome) { sent.push_back(std::move(outcome)); });
    }
    ASSERT_EQ(sent.size(), 2U);
    EXPECT_EQ(std::get<Failure>(sent[1]).code, ErrorCode::service_unavailable);
}

}  // namespace
}  // namespace sitepower::dispatcher_test
