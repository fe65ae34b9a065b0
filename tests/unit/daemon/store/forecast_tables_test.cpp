// What is kept of series comes back as it was, also after a crash, and goes when it is old.
#include "daemon/store/forecast_tables.hpp"

#include <gtest/gtest.h>

#include "daemon/store/reader.hpp"
#include "daemon/store/retention.hpp"
#include "tests/unit/daemon/store/threadless_store.hpp"

namespace sitepower::forecast_tables_test {
namespace {

using forecast::ClosedStep;
using forecast::HorizonClass;
using std::chrono::hours;
using std::chrono::minutes;

MatchedForecastRow matched(const std::string& series, HorizonClass horizon, Time valid_at, double actual) {
    return {.series = series,
            .match = {.horizon = horizon,
                      .issued_at = valid_at - hours{1},
                      .said = {.valid_at = valid_at,
                               .forecast = {.point = 5,
                                            .quantiles = {.p50 = 4,
                                                          .p90 = 6,
                                                          .p99 = 7,
                                                          .lower95 = -1,
                                                          .upper95 = 8,
                                                          .calibrated = true,
                                                          .p99_calibrated = false}}},
                      .baseline = 4.5,
                      .actual = actual},
            .model_version = 12};
}

class ForecastTablesTest : public ::testing::Test {
  protected:
    void write(ForecastRows rows) {
        Batch batch;
        batch.rows.emplace_back(std::make_shared<const ForecastRows>(std::move(rows)));
        ASSERT_TRUE(store.commit(batch));
    }
    std::unique_ptr<Reader> reader() { return std::move(Reader::open(store.path())).value(); }

    ThreadlessStore store;
};

TEST_F(ForecastTablesTest, StepsComeBackInTheOrderOfTime) {
    const Time first = std::chrono::floor<minutes>(test_start);
    ForecastRows rows;
    for (int i = 0; i < 3000; ++i) {
        for (const char* series : {"a", "b"}) {
            rows.steps.push_back({.series = series,
                                  .step = {.begin = first + minutes{i},
                                           .value = i + (series[0] == 'a' ? 0.25 : 0.5),
                                           .observed = i % 7 != 0}});
        }
    }
    write(rows);
    write({.steps = {{.series = "a", .step = {.begin = first + minutes{5}, .value = -1}}}});
    store.crash();
    const auto steps = reader()->series_steps("a", first + minutes{3}, first + minutes{2000});
    ASSERT_TRUE(steps);
    ASSERT_EQ(steps->size(), 1997U);
    for (std::size_t i = 0; i < steps->size(); ++i) {
        const auto& step = (*steps)[i];
        EXPECT_EQ(step.begin, first + minutes{i + 3});
        EXPECT_EQ(step.value, i == 2 ? -1 : static_cast<double>(i + 3) + 0.25);
        EXPECT_EQ(step.observed, i == 2 || (i + 3) % 7 != 0);
    }
    EXPECT_TRUE(reader()->series_steps("c", Time::min(), Time::max())->empty());
    EXPECT_EQ(reader()->series_steps("b", Time::min(), Time::max())->size(), 3000U);
}

TEST_F(ForecastTablesTest, AStateComesWithTheStepsToGoOnFrom) {
    const std::vector<std::byte> state(3'000'000, std::byte{7});
    write({.steps = {{.series = "a", .step = {.begin = test_start, .value = 1}}},
           .states = {{.series = "a", .model_version = 3, .saved_at = test_start, .state = state}}});
    store.restart();
    const auto stored = reader()->stored_series("a", test_start - hours{1});
    ASSERT_TRUE(stored && stored->state);
    EXPECT_EQ(stored->state->state, state);
    EXPECT_EQ(stored->state->model_version, 3U);
    EXPECT_EQ(stored->steps.size(), 1U);
    EXPECT_FALSE(reader()->stored_series("b", Time::min())->state);
}

TEST_F(ForecastTablesTest, MatchedForecastsAreFoundNewestFirst) {
    ForecastRows rows;
    for (int i = 0; i < 100; ++i) {
        const Time time = test_start + hours{i};
        rows.matched.push_back(matched("a", HorizonClass::long_48h, time, i));
        rows.matched.push_back(matched("a", HorizonClass::short_15min, time, -i));
        rows.matched.push_back(matched("b", HorizonClass::long_48h, time, 1000));
    }
    write(rows);
    write({.matched = {matched("a", HorizonClass::long_48h, test_start + hours{50}, 77)}});  // corrected
    const auto found = reader()->matched_forecasts({.series = "a",
                                                    .horizons = {HorizonClass::long_48h},
                                                    .from = test_start + hours{10},
                                                    .to = test_start + hours{60},
                                                    .limit = 20});
    ASSERT_TRUE(found);
    EXPECT_EQ(found->total, 50U);
    ASSERT_EQ(found->matched.size(), 20U);
    EXPECT_EQ(found->matched[0].match.actual, 59);
    EXPECT_EQ(found->matched[9].match.actual, 77);
    const auto& one = found->matched[0];
    EXPECT_EQ(one.match.horizon, HorizonClass::long_48h);
    EXPECT_EQ(one.match.issued_at, test_start + hours{58});
    EXPECT_EQ(one.match.said.forecast.quantiles.lower95, -1);
    EXPECT_TRUE(one.match.said.forecast.quantiles.calibrated);
    EXPECT_FALSE(one.match.said.forecast.quantiles.p99_calibrated);
    EXPECT_EQ(one.match.baseline, 4.5);
    EXPECT_EQ(one.model_version, 12U);
}

TEST_F(ForecastTablesTest, ModelsEventsAndJobsComeBack) {
    const forecast::ModelVersion version{.name = "a",
                                         .kind = "series",
                                         .version = 4,
                                         .status = forecast::ModelStatus::active,
                                         .checksum = ~std::uint64_t{5},
                                         .trained_from = test_start,
                                         .trained_to = test_start + hours{5},
                                         .deployed_at = test_start + hours{6},
                                         .samples = 99,
                                         .metrics = {.mase = 0.5, .smape_pct = {}, .coverage95 = {}}};
    const SeriesEvent event{.event = {.id = "EV-1",
                                      .type = "holiday",
                                      .name = "it's \"new\"",
                                      .source = "calendar",
                                      .start = test_start,
                                      .end = test_start + hours{24},
                                      .ramp = hours{1},
                                      .expected_multiplier = 0.6,
                                      .cancelled_at = test_start + hours{2}},
                            .series = {"a", "b"},
                            .metadata = R"({"x":1})",
                            .realised = {{"a", 0.7}, {"b", 0.8}}};
    const Job job{.id = "JOB-1",
                  .kind = "retrain",
                  .subject = "a",
                  .status = JobStatus::failed,
                  .training_days = 30,
                  .created_at = test_start,
                  .started_at = test_start + minutes{1},
                  .result = "why"};
    write({.models = {{.name = "a", .versions = {version}}}, .events = {event}, .jobs = {job}});
    store.restart();
    const auto models = reader()->models();
    ASSERT_EQ(models->size(), 1U);
    EXPECT_EQ(models->front().version, 4U);
    EXPECT_EQ(models->front().checksum, version.checksum);
    EXPECT_EQ(models->front().deployed_at, version.deployed_at);
    EXPECT_EQ(models->front().metrics.mase, 0.5);
    EXPECT_FALSE(models->front().metrics.coverage95);
    const auto events = reader()->known_events();
    ASSERT_EQ(events->size(), 1U);
    EXPECT_EQ(events->front().event.name, event.event.name);
    EXPECT_EQ(events->front().event.ramp, Duration{hours{1}});
    EXPECT_EQ(events->front().event.expected_multiplier, 0.6);
    EXPECT_EQ(events->front().event.cancelled_at, event.event.cancelled_at);
    EXPECT_EQ(events->front().series, event.series);
    EXPECT_EQ(events->front().metadata, event.metadata);
    EXPECT_EQ(events->front().realised, event.realised);
    const auto jobs = reader()->jobs(10);
    ASSERT_EQ(jobs->size(), 1U);
    EXPECT_EQ(jobs->front().status, JobStatus::failed);
    EXPECT_EQ(jobs->front().started_at, job.started_at);
    EXPECT_FALSE(jobs->front().ended_at);
    EXPECT_EQ(jobs->front().result, "why");
    write({.models = {{.name = "a", .versions = {}}}});
    EXPECT_TRUE(reader()->models()->empty());
}

TEST_F(ForecastTablesTest, WhatIsOldGoes) {
    ForecastRows rows;
    for (int day = 0; day < 100; ++day) {
        const Time time = test_start + hours{24 * day};
        rows.steps.push_back({.series = "a", .step = {.begin = time, .value = 1}});
        rows.matched.push_back(matched("a", HorizonClass::long_48h, time, 1));
    }
    write(rows);
    StoreSettings settings;
    settings.keep_series = hours{24 * 60};
    Retention retention(store.database(), store.committer().outbox_table(), settings);
    ASSERT_TRUE(retention.run(test_start + hours{24 * 100}, std::chrono::steady_clock::now()));
    EXPECT_EQ(store.rows("series_steps"), 60);
    EXPECT_EQ(store.rows("series_forecasts"), 60);
}

}  // namespace
}  // namespace sitepower::forecast_tables_test
