// What the forecast thread says becomes messages, rows and alerts.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "daemon/executor/executor.hpp"
#include "daemon/forecast/report.hpp"

namespace sitepower::forecasts_test {
namespace {

constexpr Time start = from_ms(1'795'328'000'000);

class Outlets final : public ExecutorOutlets {
  public:
    bool publish(std::shared_ptr<const Message> message) override {
        if (room) live.push_back(std::move(message));
        return room;
    }
    bool append(Row row) override {
        if (row.record() != nullptr && std::holds_alternative<ForecastRow>(*row.record())) ++forecast_rows;
        return true;
    }
    void commit_soon() override {}
    bool send_backlog(std::vector<std::shared_ptr<const Message>>) override { return true; }
    void read_outbox(BacklogPump::Order) override {}

    std::vector<std::shared_ptr<const Message>> on(std::string_view topic) const {
        std::vector<std::shared_ptr<const Message>> found;
        for (const auto& message : live) {
            if (message->topic == topic) found.push_back(message);
        }
        return found;
    }

    std::vector<std::shared_ptr<const Message>> live;
    int forecast_rows = 0;
    bool room = true;
};

std::shared_ptr<const SiteModel> empty_site() {
    auto model = std::make_shared<SiteModel>();
    model->id = "DC-TST-01";
    model->locations.push_back({.id = "ROOM-1"});
    return model;
}

SeriesReport report_of(const std::string& series) {
    return {.series = series,
            .unit = "kW",
            .made_at = start,
            .issued_at = start,
            .features = {},
            .method = "x",
            .by_horizon = {}};
}

class ExecutorForecasts : public ::testing::Test {
  protected:
    ExecutorForecasts() { executor.begin({}, start); }
    bool is_open(const std::string& type) const {
        return std::ranges::any_of(executor.site().open_alerts(),
                                   [&](const Alert& alert) { return alert.type == type; });
    }

    Outlets outlets;
    Executor executor{Site(empty_site(), {}), Epoch{.bits = 1, .number = 1}, outlets};
};

TEST_F(ExecutorForecasts, ReportsAreRetainedAndRowsKept) {
    ForecastEffects effects;
    effects.reports.push_back(report_of("load"));
    effects.rows.steps.push_back({.series = "load", .step = {.begin = start, .value = 1}});
    executor.forecasts(std::move(effects), start);
    const auto told = outlets.on("forecast/load");
    ASSERT_EQ(told.size(), 1U);
    EXPECT_TRUE(told[0]->retained);
    EXPECT_TRUE(told[0]->expiry);
    EXPECT_EQ(nlohmann::json::parse(std::get<std::string>(told[0]->body))["series"], "load");
    EXPECT_EQ(outlets.forecast_rows, 1);
    executor.forecasts({}, start);
    EXPECT_EQ(outlets.forecast_rows, 1) << "nothing is no row";
    executor.publisher_exchanged(start);
    EXPECT_EQ(outlets.on("forecast/load").size(), 2U) << "a new publisher remembers nothing";
}

TEST_F(ExecutorForecasts, ARemovedSeriesLeavesNoTopic) {
    ForecastEffects effects;
    effects.reports.push_back(report_of("load"));
    executor.forecasts(std::move(effects), start);
    executor.forecasts({.rows = {},
                        .reports = {},
                        .anomalies = {},
                        .drifts = {},
                        .retrained = {},
                        .removed = {"load"},
                        .anomalous = {},
                        .troubles = {}},
                       start);
    const auto told = outlets.on("forecast/load");
    ASSERT_EQ(told.size(), 2U);
    EXPECT_TRUE(std::get<std::string>(told[1]->body).empty());
    executor.publisher_exchanged(start);
    EXPECT_EQ(outlets.on("forecast/load").size(), 2U);
}

TEST_F(ExecutorForecasts, ARemovedSeriesLeavesNoTopicAlsoWhereThePublisherHadNoRoom) {
    ForecastEffects effects;
    effects.reports.push_back(report_of("load"));
    executor.forecasts(std::move(effects), start);
    outlets.room = false;
    ForecastEffects removed;
    removed.removed = {"load"};
    executor.forecasts(std::move(removed), start);
    ASSERT_EQ(outlets.on("forecast/load").size(), 1U);
    outlets.room = true;
    executor.tick(0, start + Duration{1000});
    ASSERT_EQ(outlets.on("forecast/load").size(), 2U);
    EXPECT_TRUE(std::get<std::string>(outlets.on("forecast/load")[1]->body).empty());
}

TEST_F(ExecutorForecasts, AnAnomalyIsAnEventAndAnAlertUntilItIsOver) {
    ForecastEffects effects;
    effects.anomalies.push_back(
        {.series = "load", .unit = "kW", .time = start, .actual = 9, .expected = 5, .severity = 3.5});
    effects.anomalous = {"load"};
    executor.forecasts(std::move(effects), start);
    EXPECT_EQ(outlets.on("event/prediction.anomaly").size(), 1U);
    EXPECT_TRUE(is_open("prediction_anomaly"));
    ForecastEffects over;
    over.anomalous.emplace();
    executor.forecasts(std::move(over), start + Duration{1000});
    EXPECT_FALSE(is_open("prediction_anomaly"));
}

TEST_F(ExecutorForecasts, DriftIsAnAlertForADay) {
    ForecastEffects effects;
    effects.drifts.push_back(
        {.series = "load", .kind = forecast::Drift::errors_grew, .level_shift = false, .time = start});
    effects.retrained.push_back(
        {.version = {.name = "load", .kind = "series", .version = 2}, .in_force = true, .why = "drift"});
    executor.forecasts(std::move(effects), start);
    EXPECT_EQ(outlets.on("event/model.drift").size(), 1U);
    EXPECT_EQ(outlets.on("event/model.retrained").size(), 1U);
    EXPECT_TRUE(is_open("model_drift"));
    executor.tick(0, start + Duration{23 * 3'600'000});
    EXPECT_TRUE(is_open("model_drift"));
    executor.tick(0, start + Duration{25 * 3'600'000});
    EXPECT_FALSE(is_open("model_drift"));
}

}  // namespace
}  // namespace sitepower::forecasts_test
