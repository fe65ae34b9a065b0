// The operations about forecasts, on a series of three weeks.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "daemon/operation/dispatcher.hpp"
#include "daemon/operation/table.hpp"
#include "tests/support/fake_context.hpp"
#include "tests/support/fake_memory.hpp"

namespace sitepower::forecast_test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using support::FakeContext;

constexpr Duration quarter{minutes{15}};

class ForecastOperations : public ::testing::Test {
  protected:
    ForecastOperations() {
        ForecastSettings settings;
        settings.series.push_back(
            {.id = "load",
             .unit = "kW",
             .step = quarter,
             .clock = {},
             .metric = {},
             .fingerprint = 1,
             .covariates = {{.name = "temperature", .role = forecast::CovariateRole::temperature}}});
        settings.series.push_back({.id = "spot",
                                   .kind = forecast::SeriesKind::price,
                                   .unit = "EUR/MWh",
                                   .step = hours{1},
                                   .clock = {},
                                   .metric = {},
                                   .fingerprint = 1});
        const Time end = context.present;
        const Time begin = from_ms((to_ms(end) / hour_ms - 24 * 21) * hour_ms);
        context.world->book.configure(settings, context.world->memory, begin);
        for (Time now = begin; now < end; now += quarter) {
            const std::vector<SeriesSample> samples{{.series = 0, .time = now, .value = load(now)}};
            context.world->book.take(samples, now);
            // A fit takes long, and two of them make a life: the others are tests of the book.
            const bool is_tenth_day = now == begin + hours{240};
            if (is_tenth_day || now + quarter >= end) context.world->book.work(context.world->memory, now);
            context.world->memory.keep(context.world->book.take_effects().rows);
        }
    }

    static constexpr std::int64_t hour_ms = 3'600'000;

    static double load(Time time) {
        const double i = static_cast<double>(to_ms(time)) / 900'000;
        return 100 + 30 * std::sin(2 * std::numbers::pi * i / 96) + std::sin(i * i);
    }
    std::string in(Duration ahead) const {
        return format_time(from_ms((to_ms(context.present) / hour_ms + 1) * hour_ms) + ahead);
    }

    // The whole envelope.
    Json ask(const std::string& name, InputJson body, Role role = Role::admin) {
        RawParameters raw;
        raw.body = std::move(body);
        Json answer;
        dispatcher.execute(*find_operation(name), raw, {role, "tester", "unit"},
                           [&](Answer given) { answer = Json::parse(given.body); });
        EXPECT_FALSE(answer.is_null()) << name;
        return answer;
    }
    Json data(const std::string& name, InputJson body = InputJson::object()) {
        auto answer = ask(name, std::move(body));
        EXPECT_TRUE(answer.contains("data")) << answer.dump();
        return answer.contains("data") ? answer["data"] : Json();
    }
    std::string code(const std::string& name, InputJson body, Role role = Role::admin) {
        const auto answer = ask(name, std::move(body), role);
        return answer.contains("error") ? answer["error"]["code"].get<std::string>() : answer.dump();
    }

    FakeContext context;
    Dispatcher dispatcher{context, 1};
};

TEST_F(ForecastOperations, PredictAnswersPairs) {
    const auto said =
        data("predict", {{"timestamps", {in(hours{0}), in(hours{5})}}, {"meter_ids", {"load", "load"}}});
    ASSERT_EQ(said["predictions"].size(), 2U);
    EXPECT_NEAR(said["predictions"][1].get<double>(), load(*parse_time(in(hours{5})) + minutes{7}), 6);
    EXPECT_LT(said["confidence_intervals"][1][0], said["predictions"][1]);
    EXPECT_GT(said["confidence_intervals"][1][1], said["predictions"][1]);
    EXPECT_EQ(said["hindcast"], Json({false, false}));
    EXPECT_GT(said["model_version"]["load"], 0);
    EXPECT_EQ(data("predict",
                   {{"timestamps", InputJson::array()}, {"meter_ids", InputJson::array()}})["predictions"],
              Json::array());
}

TEST_F(ForecastOperations, PredictTakesDeclaredContextFeatures) {
    const auto said = data("predict", {{"timestamps", {in(hours{1}), in(hours{2})}},
                                       {"meter_ids", {"load", "load"}},
                                       {"context_features", {{"temperature", {20, nullptr}}}}});
    ASSERT_EQ(said["predictions"].size(), 2U) << said;
    EXPECT_EQ(said["covariate_substituted"], Json({false, false}));
    const auto batch =
        data("batch.predict",
             {{"requests",
               {{{"model", "load"},
                 {"input", {{"timestamp", in(hours{1})}, {"context_features", {{"temperature", 20}}}}}},
                {{"model", "load"},
                 {"input", {{"timestamp", in(hours{1})}, {"context_features", {{"wind", 2}}}}}}}}});
    EXPECT_EQ(batch["results"][0]["prediction"]["value"], said["predictions"][0]);
    EXPECT_EQ(batch["results"][1]["error"]["code"], "VALIDATION_ERROR");
}

TEST_F(ForecastOperations, PredictSaysOfThePastWhatWasSaidThen) {
    const auto said = data("predict", {{"timestamps", {in(hours{-30})}}, {"meter_ids", {"load"}}});
    EXPECT_EQ(said["hindcast"][0], true);
    EXPECT_NEAR(said["predictions"][0].get<double>(), load(*parse_time(in(hours{-30})) + minutes{22}), 6);
    EXPECT_EQ(code("predict", {{"timestamps", {in(hours{-24 * 400})}}, {"meter_ids", {"load"}}}),
              "INSUFFICIENT_DATA");
    // Each step for itself, up to the newest that is over.
    const Time newest = context.world->book.find("load")->forecaster().newest();
    for (const Time step : {newest, newest - quarter, newest - hours{30} - 3 * quarter}) {
        const auto past = data("predict", {{"timestamps", {format_time(step)}}, {"meter_ids", {"load"}}});
        ASSERT_FALSE(past.is_null()) << format_time(step);
        EXPECT_EQ(past["hindcast"][0], true);
        const auto kept = data("predictions.history", {{"service", "load"},
                                                       {"horizon", "medium"},
                                                       {"start_time", format_time(step)},
                                                       {"end_time", format_time(step + quarter)}});
        EXPECT_EQ(past["predictions"][0], kept["items"][0]["predicted_value"]);
    }
}

TEST_F(ForecastOperations, PredictRefusesWhatItCannotSay) {
    const auto wrong = [&](InputJson body) { return code("predict", std::move(body)); };
    EXPECT_EQ(wrong({{"timestamps", {in(hours{1})}}, {"meter_ids", {"load", "load"}}}), "VALIDATION_ERROR");
    EXPECT_EQ(wrong({{"timestamps", {in(minutes{7})}}, {"meter_ids", {"load"}}}), "VALIDATION_ERROR");
    EXPECT_EQ(wrong({{"timestamps", {in(hours{60})}}, {"meter_ids", {"load"}}}), "VALIDATION_ERROR");
    EXPECT_EQ(wrong({{"timestamps", {"noon"}}, {"meter_ids", {"load"}}}), "VALIDATION_ERROR");
    EXPECT_EQ(wrong({{"timestamps", {7}}, {"meter_ids", {"load"}}}), "VALIDATION_ERROR");
    EXPECT_EQ(wrong({{"timestamps", "x"}, {"meter_ids", {"load"}}}), "VALIDATION_ERROR");
    EXPECT_EQ(wrong({{"timestamps", {in(hours{1})}}, {"meter_ids", {"loud"}}}), "NOT_FOUND");
    EXPECT_EQ(wrong({{"timestamps", {in(hours{1})}}, {"meter_ids", {"spot"}}}), "INSUFFICIENT_DATA");
    const auto with = [&](InputJson given) {
        return ask("predict", {{"timestamps", {in(hours{1})}},
                               {"meter_ids", {"load"}},
                               {"context_features", std::move(given)}});
    };
    const auto undeclared = with({{"humidity", {20}}});
    EXPECT_EQ(undeclared["error"]["details"][0]["allowed"], "temperature") << undeclared;
    EXPECT_EQ(with({{"temperature", {20, 21}}})["error"]["code"], "VALIDATION_ERROR");
    EXPECT_EQ(with({{"temperature", 20}})["error"]["code"], "VALIDATION_ERROR");
    EXPECT_EQ(with({{"temperature", {"warm"}}})["error"]["code"], "VALIDATION_ERROR");
    const auto answer = ask("predict", {{"timestamps", {in(minutes{7})}}, {"meter_ids", {"load"}}});
    EXPECT_NE(answer["error"]["details"][0]["allowed"].get<std::string>().find("900"), std::string::npos);
    const auto second = ask("predict", {{"timestamps", {in(hours{1}), in(hours{60})}},
                                        {"meter_ids", {"load", "load"}}})["error"]["message"]
                            .get<std::string>();
    EXPECT_TRUE(second.starts_with("pair 1, load at " + in(hours{60}) + ": ")) << second;
    const auto batch = data(
        "batch.predict", {{"requests", {{{"model", "load"}, {"input", {{"timestamp", in(minutes{7})}}}}}}});
    EXPECT_NE(batch["results"][0]["error"]["message"].get<std::string>().find("multiples of 900 s"),
              std::string::npos)
        << batch;
}

TEST_F(ForecastOperations, ABatchFailsOneByOne) {
    const auto said = data("batch.predict", {{"requests",
                                              {{{"model", "load"}, {"input", {{"timestamp", in(hours{1})}}}},
                                               {{"model", "loud"}, {"input", {{"timestamp", in(hours{1})}}}},
                                               5}}});
    ASSERT_EQ(said["results"].size(), 3U);
    EXPECT_EQ(said["results"][0]["status"], "ok");
    EXPECT_TRUE(said["results"][0]["prediction"]["value"].is_number());
    EXPECT_EQ(said["results"][1]["error"]["code"], "NOT_FOUND");
    EXPECT_EQ(said["results"][2]["error"]["code"], "VALIDATION_ERROR");
    EXPECT_EQ(said["batch_stats"]["successful"], 1);
    EXPECT_EQ(said["batch_stats"]["failed"], 2);
    EXPECT_TRUE(said["batch_stats"]["total_time_ms"].is_number());
}

TEST_F(ForecastOperations, ForecastGivesTheHoursToCome) {
    const auto said = data("forecast", {{"series", "load"}});
    ASSERT_EQ(said["forecast"].size(), 24U);
    EXPECT_EQ(said["metadata"]["unit"], "kW");
    EXPECT_NEAR(said["metadata"]["average"].get<double>(), 100, 5);
    EXPECT_LT(said["performance"]["accuracy_mase"], 1);
    EXPECT_TRUE(said["performance"]["processing_time_ms"].is_number());
    const auto advanced = data("forecast", {{"series", "load"}, {"periods", 3}, {"use_advanced", true}});
    EXPECT_EQ(advanced["forecast"].size(), 3U);
    EXPECT_EQ(advanced["forecast"][0]["method"], advanced["metadata"]["model_type"]);
    EXPECT_EQ(code("forecast", {{"series", "loud"}}), "NOT_FOUND");
    EXPECT_EQ(code("forecast", {}), "INSUFFICIENT_DATA") << "the price, of which nothing is known";
    EXPECT_EQ(code("forecast", {{"periods", 49}}), "VALIDATION_ERROR");
}

TEST_F(ForecastOperations, CurrentForecastsAreNullWithAReasonWhereNothingIsKnown) {
    const auto all = data("predictions.current");
    ASSERT_EQ(all["items"].size(), 6U);
    EXPECT_TRUE(all["items"][0]["prediction_p50"].is_number());
    EXPECT_GT(all["items"][0]["confidence_score"], 0.5);
    EXPECT_TRUE(all["items"][5]["prediction_p50"].is_null());
    EXPECT_FALSE(all["items"][5]["reasons"]["prediction_p50"].get<std::string>().empty());
    EXPECT_EQ(data("predictions.current", {{"service", "load"}, {"horizon", "long"}})["items"].size(), 1U);
}

TEST_F(ForecastOperations, HistoryAndAccuracy) {
    const auto history =
        data("predictions.history", {{"service", "load"}, {"horizon", "medium"}, {"limit", 40}});
    EXPECT_EQ(history["items"].size(), 40U);
    EXPECT_GT(history["total_count"], 80);
    EXPECT_TRUE(history["accuracy"]["mape"].is_number());
    EXPECT_NEAR(history["items"][0]["error_percentage"].get<double>(), 0, 10);
    double mape = 0;
    double mae = 0;
    for (const auto& item : history["items"]) {
        mape += std::abs(item["error_percentage"].get<double>()) / 40;
        mae += std::abs(item["predicted_value"].get<double>() - item["actual_value"].get<double>()) / 40;
    }
    EXPECT_NEAR(history["accuracy"]["mape"].get<double>(), mape, 1e-9) << "of those listed";
    EXPECT_NEAR(history["accuracy"]["mae"].get<double>(), mae, 1e-9);
    const auto day_before =
        data("predictions.history",
             {{"service", "load"}, {"horizon", "medium"}, {"end_time", in(hours{-100})}, {"limit", 1}});
    EXPECT_EQ(day_before["total_count"], 96) << "the day before its end";
    EXPECT_EQ(code("predictions.history",
                   {{"service", "load"}, {"start_time", in(hours{-2})}, {"end_time", in(hours{-3})}}),
              "VALIDATION_ERROR");
    const auto accuracy = data("accuracy", {{"series", "load"}, {"window", "7d"}});
    EXPECT_GT(accuracy["medium"]["n"], 600);
    EXPECT_GT(accuracy["long"]["coverage"], 0.8);
    const auto hour = data("accuracy", {{"series", "load"}, {"window", "1h"}});
    EXPECT_TRUE(hour["short"]["mae"].is_null());
    EXPECT_EQ(hour["short"]["n"], 4) << "quarters of one hour";
    EXPECT_EQ(hour["short"]["reasons"]["mae"], "fewer_than_30_actual_values");
    EXPECT_EQ(hour["long"]["n"], 48);
    EXPECT_EQ(hour["long"]["actual_values"], 1);
    EXPECT_EQ(hour["long"]["reasons"]["mae"], "fewer_than_30_actual_values")
        << "one value says nothing, however often it was forecast";
    EXPECT_EQ(data("accuracy", {{"series", "load"}, {"window", "24h"}})["short"]["n"], 96);
}

TEST_F(ForecastOperations, EventsComeAndGo) {
    const auto made = data("event.create", {{"event_type", "flash_sale"},
                                            {"end_time", in(hours{6})},
                                            {"series", "load"},
                                            {"metadata", {{"campaign", 7}}}});
    EXPECT_EQ(made["status"], "active");
    EXPECT_EQ(made["metadata"]["campaign"], 7);
    EXPECT_TRUE(made["realised_multiplier"].is_null());
    const auto said = data("predict", {{"timestamps", {in(hours{2})}}, {"meter_ids", {"load"}}});
    EXPECT_GT(said["predictions"][0], 2 * load(*parse_time(in(hours{2}))));
    EXPECT_EQ(data("events")["total"], 1);
    const auto id = made["id"].get<std::string>();
    EXPECT_EQ(data("event.cancel", {{"event_id", id}})["status"], "cancelled");
    EXPECT_EQ(data("events")["total"], 0);
    EXPECT_EQ(data("events", {{"all", true}})["total"], 1);
    EXPECT_EQ(code("event.cancel", {{"event_id", id}}), "CONFLICT");
    EXPECT_EQ(code("event.create", {{"event_type", "holiday"}, {"end_time", in(hours{-9})}}),
              "VALIDATION_ERROR");
    EXPECT_EQ(code("event.create", {{"event_type", "holiday"}, {"end_time", in(hours{9})}}, Role::viewer),
              "FORBIDDEN");
    EXPECT_FALSE(context.audited.empty());
}

TEST_F(ForecastOperations, ModelsAreRetrainedAndRolledBack) {
    const auto models = data("models", {{"status", "active"}});
    ASSERT_EQ(models["total"], 1);
    EXPECT_EQ(models["items"][0]["name"], "load");
    EXPECT_LT(models["items"][0]["metrics"]["mase"], 1);
    EXPECT_TRUE(models["items"][0]["health_score"].is_number());
    const auto version = models["items"][0]["version"].get<int>();
    const auto job = data("models.retrain", {{"model_name", "load"}, {"training_days", 15}});
    EXPECT_EQ(data("job", {{"job_id", job["job_id"]}})["status"], "queued");
    context.world->book.work(context.world->memory, context.present);
    EXPECT_EQ(data("job", {{"job_id", job["job_id"]}})["status"], "done");
    EXPECT_EQ(data("jobs", {{"status", "done"}})["total"], 1);
    EXPECT_EQ(code("job.cancel", {{"job_id", job["job_id"]}}), "CONFLICT");
    const auto back = data("model.activate", {{"model_name", "load"}, {"version", version}});
    EXPECT_EQ(back["status"], "active");
    EXPECT_GT(data("model", {{"model_name", "load"}})["versions"].size(), 2U);
    EXPECT_EQ(code("model", {{"model_name", "spot"}}), "INSUFFICIENT_DATA");
    EXPECT_EQ(code("model.activate", {{"model_name", "load"}, {"version", 9999}}), "NOT_FOUND");
    EXPECT_EQ(code("models.retrain", {{"model_name", "load"}}, Role::engineer), "FORBIDDEN");
    EXPECT_EQ(code("models.retrain", {{"model_name", "spot"}}), "INSUFFICIENT_DATA");
}

// Nothing changes from day to day: errors are 0 and known, and there is nothing to measure them by.
TEST_F(ForecastOperations, AConstantSeriesHasNoMaseAndItsReasonIsTrue) {
    const Time end = context.present;
    const Time begin = from_ms((to_ms(end) / hour_ms - 24 * 20) * hour_ms);
    const auto fit_all = [&](Time now) {
        while (context.world->book.work(context.world->memory, now)) {
        }
    };
    for (Time now = begin; now < end; now += hours{1}) {
        context.world->book.take(std::vector<SeriesSample>{{.series = 1, .time = now, .value = 5}}, now);
        if (now == begin + hours{48}) fit_all(now);
    }
    fit_all(end);
    const auto said = data("forecast", {{"series", "spot"}})["performance"];
    EXPECT_EQ(said["accuracy_mape"], 0);
    EXPECT_EQ(said["reasons"]["accuracy_mase"], "no_naive_error_to_compare_with");
    const auto version = data("model", {{"model_name", "spot"}})["versions"][0];
    EXPECT_EQ(version["metrics"]["reasons"]["mase"], "no_naive_error_to_compare_with") << version;
    EXPECT_EQ(version["reasons"]["health_score"], "no_naive_error_to_compare_with");
}

TEST_F(ForecastOperations, AnswersThatItIsBusy) {
    context.forecasts_refused = true;
    EXPECT_EQ(code("forecast", {}), "SERVICE_UNAVAILABLE");
}

TEST_F(ForecastOperations, AreAskedForOverMqtt) {
    std::string reply;
    execute_mqtt_request(dispatcher, "forecast", R"({"series": "load", "periods": 2})",
                         [&](std::string text) { reply = std::move(text); });
    EXPECT_EQ(Json::parse(reply)["data"]["forecast"].size(), 2U);
    execute_mqtt_request(dispatcher, "event.create", "{}",
                         [&](std::string text) { reply = std::move(text); });
    EXPECT_EQ(Json::parse(reply)["error"]["code"], "FORBIDDEN");
}

TEST(ForecastOperationsWithoutSeries, NameTheCure) {
    FakeContext context;
    context.without_series = true;
    Dispatcher dispatcher(context, 1);
    Json answer;
    dispatcher.execute(*find_operation("forecast"), {}, {Role::viewer, "tester", "unit"},
                       [&](Answer given) { answer = Json::parse(given.body); });
    EXPECT_EQ(answer["error"]["code"], "NOT_FOUND");
    EXPECT_NE(answer["error"]["message"].get<std::string>().find("[[series]]"), std::string::npos);
}

}  // namespace
}  // namespace sitepower::forecast_test
