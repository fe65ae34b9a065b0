// What holds for every row of the table of operations, whatever is asked, by whom, and in what state the
// daemon is.
#include <gmock/gmock.h>

#include <random>
#include <set>

#include "daemon/operation/error_table.hpp"
#include "tests/unit/daemon/operation/ask.hpp"

namespace sitepower::law_test {
namespace {

std::set<std::string> all_codes() {
    std::set<std::string> codes;
    for (const auto& row : error_table()) codes.insert(std::string(row.name));
    return codes;
}

// Parameters with which an operation gets as far as its handler.
Texts needed_by(const Operation& operation) {
    Texts texts;
    for (const auto& parameter : operation.parameters) {
        if (!parameter.required) continue;
        std::string value = "text";
        if (parameter.type == ParameterType::list) value = "[]";
        if (parameter.type == ParameterType::time) value = "2026-11-23T00:00:00Z";
        if (parameter.name == "battery_id") value = "BAT-DC-CNX-01-UPS-01-STR-01-001";
        if (parameter.name == "location_id") value = "ROOM-1";
        if (parameter.name == "alert_id") value = "A-low";
        if (parameter.name == "window_id") value = "MW-1";
        if (parameter.name == "delivered_ah") value = "91";
        if (parameter.name == "point") value = "ups-1/load_kw";
        if (parameter.name == "service" || parameter.name == "model_name") value = "site-load";
        if (parameter.type == ParameterType::list) value = "[]";
        if (parameter.name == "event_type") value = "holiday";
        if (parameter.name == "end_time" || parameter.name == "expires_at") value = "2026-11-24T00:00:00Z";
        if (parameter.name == "target_instances") value = "3";
        if (parameter.name == "version") value = "1";
        texts.emplace_back(parameter.name, value);
    }
    return texts;
}

class EveryOperation : public testing::TestWithParam<const Operation*> {
  protected:
    const Operation& operation() const { return *GetParam(); }
    Asked ask(Texts texts, const Caller& caller = admin) {
        return asking_.ask(operation().name, std::move(texts), caller);
    }
    // Also when the answer never comes by itself: a body instead of texts.
    Asked ask_with_body(const InputJson& body) {
        Asked asked;
        RawParameters raw;
        raw.body = body;
        asking_.dispatcher.execute(operation(), raw, admin, [&](const Answer& answer) {
            asked.status = answer.http_status;
            asked.body = Json::parse(answer.body);
        });
        context_.run_queries();
        return asked;
    }
    static void expect_envelope(const Asked& asked) {
        static const auto codes = all_codes();
        EXPECT_NE(asked.body.contains("data"), asked.body.contains("error")) << asked.body;
        EXPECT_EQ(asked.status == 200, asked.body.contains("data"));
        for (const auto* field : {"timestamp", "request_id", "processing_time_ms"}) {
            EXPECT_TRUE(asked.body.at("meta").contains(field)) << field;
        }
        if (!asked.body.contains("error")) return;
        const auto& error = asked.body["error"];
        EXPECT_TRUE(codes.contains(error.at("code"))) << error;
        EXPECT_FALSE(error.at("message").get<std::string>().empty());
        EXPECT_TRUE(error.at("details").is_array());
    }
    bool asks_history() {
        context_.query_capacity = 0;
        return ask(needed_by(operation())).status == 503;
    }

    Asking asking_;
    support::FakeContext& context_ = asking_.context;
};

TEST_P(EveryOperation, AnswersWithinTheEnvelopeWhateverIsAsked) {
    std::mt19937 random(static_cast<unsigned>(operation().name.size()) * 7 + operation().name[0]);
    const std::vector<std::string> texts{"",
                                         "0",
                                         "-1",
                                         "1e999",
                                         "NaN",
                                         "true",
                                         "2026-02-30",
                                         "2026-11-22",
                                         "ups-1",
                                         "A-low",
                                         "..",
                                         std::string(70, 'x'),
                                         std::string("a\0b", 3),
                                         "\xff",
                                         "99999999999999999999",
                                         "auto",
                                         "critical",
                                         "9999-12-31T23:59:59Z"};
    const std::vector<InputJson> bodies{nullptr,
                                        1,
                                        -1,
                                        1.5,
                                        1e300,
                                        true,
                                        "text",
                                        InputJson::array({1}),
                                        InputJson::object({{"a", 1}}),
                                        UINT64_MAX,
                                        "2026-11-22"};
    for (int i = 0; i < 300; ++i) {
        Texts given;
        InputJson body = InputJson::object();
        for (const auto& parameter : operation().parameters) {
            if (random() % 2) continue;
            if (random() % 2) {
                given.emplace_back(parameter.name, texts.at(random() % texts.size()));
            } else {
                body[std::string(parameter.name)] = bodies.at(random() % bodies.size());
            }
        }
        if (random() % 10 == 0) given.emplace_back("no_such_parameter", "1");
        expect_envelope(ask(std::move(given)));
        expect_envelope(ask_with_body(body));
    }
}

TEST_P(EveryOperation, RefusesEachLowerRoleAndChangesNothing) {
    for (const auto* caller : {&viewer, &engineer, &admin}) {
        const auto applied = context_.applied.size();
        const auto audited = context_.audited.size();
        const auto asked = ask(needed_by(operation()), *caller);
        if (caller->role >= operation().role) {
            EXPECT_NE(asked.status, 403);
        } else {
            EXPECT_EQ(asked.body["error"]["code"], "FORBIDDEN");
            EXPECT_EQ(context_.applied.size(), applied);
        }
        EXPECT_EQ(context_.audited.size(), audited + (operation().changes_state() ? 1 : 0))
            << "every attempt to change something is on record, and nothing else is";
        if (operation().changes_state()) {
            EXPECT_EQ(context_.audited.back().who, caller->who);
            EXPECT_EQ(context_.audited.back().from, caller->from);
            EXPECT_EQ(context_.audited.back().what.substr(0, operation().name.size()), operation().name);
            EXPECT_FALSE(context_.audited.back().result.empty());
        }
    }
}

TEST_P(EveryOperation, ListsEveryWrongFieldWithWhatIsAllowed) {
    Texts texts;
    std::set<std::string> wrong;
    for (const auto& parameter : operation().parameters) {
        if (parameter.type == ParameterType::text) continue;  // any short text is one
        texts.emplace_back(parameter.name, "!");
        wrong.insert(std::string(parameter.name));
    }
    if (wrong.empty()) return;
    for (const auto& [name, value] : needed_by(operation())) {
        if (!wrong.contains(name)) texts.emplace_back(name, value);
    }
    const auto asked = ask(texts);
    EXPECT_EQ(asked.status, 422);
    std::set<std::string> named;
    for (const auto& detail : asked.body["error"]["details"]) {
        named.insert(detail.at("field"));
        EXPECT_FALSE(detail.at("allowed").get<std::string>().empty());
    }
    EXPECT_EQ(named, wrong);
}

TEST_P(EveryOperation, NamesEachMissingField) {
    for (const auto& [missing, value] : needed_by(operation())) {
        auto texts = needed_by(operation());
        std::erase_if(texts, [&name = missing](const auto& given) { return given.first == name; });
        const auto asked = ask(texts);
        EXPECT_EQ(asked.status, 422);
        ASSERT_EQ(asked.body["error"]["details"].size(), 1U);
        EXPECT_EQ(asked.body["error"]["details"][0]["field"], missing);
        EXPECT_EQ(asked.body["error"]["details"][0]["problem"], "is missing");
    }
}

TEST_P(EveryOperation, PassesOnAnyErrorOfTheStoreAndDeclaresIt) {
    const bool uses_store = asks_history();
    if (!uses_store) return;
    EXPECT_THAT(operation().errors, testing::Contains(ErrorCode::service_unavailable));
    context_.query_capacity = 64;
    for (const auto& row : error_table()) {
        context_.history.failure = Error{row.code, "the disk says no", "sector 7"};
        const auto asked = ask(needed_by(operation()));
        if (asked.status == 200) continue;  // a statistic that the store could not give is null
        EXPECT_EQ(asked.body["error"]["code"], row.name);
        EXPECT_EQ(asked.status, row.http_status);
        EXPECT_EQ(asked.body["error"]["message"], "the disk says no");
        EXPECT_EQ(asked.body["error"]["details"][0]["problem"], "sector 7");
    }
}

TEST_P(EveryOperation, AListIsTheSumOfItsPages) {
    if (std::ranges::find(operation().parameters, std::string_view("skip"), &Parameter::name) ==
        operation().parameters.end())
        return;
    const auto whole = ask(needed_by(operation()));
    ASSERT_EQ(whole.status, 200) << whole.body;
    for (const std::size_t limit : {1U, 2U, 5U}) {
        Json joined = Json::array();
        for (std::size_t skip = 0;; skip += limit) {
            auto texts = needed_by(operation());
            texts.emplace_back("skip", std::to_string(skip));
            texts.emplace_back("limit", std::to_string(limit));
            const auto data = ask(texts).body["data"];
            EXPECT_EQ(data["total"], whole.body["data"]["total"]);
            EXPECT_EQ(data["skip"], skip);
            EXPECT_EQ(data["limit"], limit);
            EXPECT_LE(data["items"].size(), limit);
            if (data["items"].empty()) break;
            for (const auto& item : data["items"]) joined.push_back(item);
        }
        EXPECT_EQ(joined, whole.body["data"]["items"]);
    }
}

std::vector<const Operation*> all_operations() {
    std::vector<const Operation*> all;
    for (const auto& operation : operations()) all.push_back(&operation);
    return all;
}

INSTANTIATE_TEST_SUITE_P(Law, EveryOperation, testing::ValuesIn(all_operations()), [](const auto& tested) {
    std::string name(tested.param->name);
    std::ranges::replace(name, '.', '_');
    return name;
});

// Bodies as large as a face lets through, and as deep: the daemon answers, and its stack is not the caller's.
std::string nested(std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
}

TEST(HostileBody, NeitherDepthNorWidthBreaksTheDaemon) {
    Asking asking;
    const auto deep = R"({"alert_id": "A-low", "note": )" + nested(deepest_json - 1) + "}";
    std::string wide = R"({"note": "x")";
    for (int i = 0; i < 5000; ++i) wide += ",\"k" + std::to_string(i) + "\":1";
    wide += "}";
    for (const auto& text : {deep, wide}) {
        auto raw = read_body(text);
        ASSERT_TRUE(std::holds_alternative<RawParameters>(raw));
        int status = 0;
        std::size_t bytes = 0;
        asking.dispatcher.execute(*find_operation("alert.acknowledge"), std::get<RawParameters>(raw), viewer,
                                  [&](const Answer& answer) { status = answer.http_status; });
        EXPECT_EQ(status, 403);
        asking.dispatcher.execute(*find_operation("alert.acknowledge"), std::get<RawParameters>(raw), admin,
                                  [&](const Answer& answer) {
                                      status = answer.http_status;
                                      bytes = answer.body.size();
                                  });
        EXPECT_EQ(status, 422);
        EXPECT_LT(bytes, 20'000U) << "the answer to a hostile body stays small";
    }
    for (const auto& row : asking.context.audited) EXPECT_LE(row.what.size(), 1000U);
}

// Writing a parameter anew takes a frame of the stack for each level: half a million levels fit into a body.
TEST(HostileBody, NestedDeeperThanAnythingNeedsIsABadRequest) {
    for (const std::size_t depth : {deepest_json, std::size_t{500'000}}) {
        const auto raw = read_body(R"({"timestamps": )" + nested(depth) + "}");
        ASSERT_TRUE(std::holds_alternative<Failure>(raw)) << depth;
        EXPECT_EQ(std::get<Failure>(raw).code, ErrorCode::bad_request);
        EXPECT_THAT(std::get<Failure>(raw).message, testing::HasSubstr("deeper than 32 levels"));
    }
}

TEST(HostileBody, NestedDeeperInATextOfAParameterIsRefused) {
    Asking asking;
    for (const auto& operation : operations()) {
        for (const auto& parameter : operation.parameters) {
            const bool holds_json =
                parameter.type == ParameterType::list || parameter.type == ParameterType::object;
            if (!holds_json) continue;
            RawParameters raw;
            raw.texts.emplace_back(parameter.name, nested(500'000));
            int status = 0;
            asking.dispatcher.execute(operation, raw, admin,
                                      [&](const Answer& answer) { status = answer.http_status; });
            EXPECT_EQ(status, 422) << operation.name << ' ' << parameter.name;
        }
    }
}

TEST(HostileBody, WhatIsNoJsonObjectIsABadRequest) {
    const std::vector<std::string> texts{"{",           "[]",
                                         "1",           "\"x\"",
                                         "null",        "{\"a\":1}}",
                                         "\xff\xfe",    "{\"a\": nan}",
                                         "{\"a\": 01}", std::string(40'000, '[')};
    for (const auto& text : texts) {
        const auto raw = read_body(text);
        ASSERT_TRUE(std::holds_alternative<Failure>(raw)) << text.substr(0, 20);
        EXPECT_EQ(std::get<Failure>(raw).code, ErrorCode::bad_request);
    }
    EXPECT_TRUE(std::holds_alternative<RawParameters>(read_body("")));
}

}  // namespace
}  // namespace sitepower::law_test
