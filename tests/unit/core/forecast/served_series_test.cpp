#include "core/forecast/served_series.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>

#include "tests/unit/core/forecast/synthetic.hpp"

namespace sitepower::forecast {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr Duration quarter{minutes{15}};
constexpr std::size_t day = 96;
const Time start = *parse_time("2026-03-02T00:00:00Z");

Time at(std::size_t i) {
    return start + quarter * static_cast<std::int64_t>(i);
}

std::unique_ptr<ServedSeries> make(const EventBook* events = nullptr,
                                   std::optional<CounterSettings> counter = {}) {
    auto made = ServedSeries::make({.name = "load",
                                    .kind = SeriesKind::consumption,
                                    .forecaster = {.step = quarter},
                                    .counter = counter},
                                   events);
    EXPECT_TRUE(made);
    return std::move(made.value());
}

double load(std::size_t i) {
    return daily(i, day) + std::sin(static_cast<double>(i * i));
}

void feed(ServedSeries& series, std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) series.value(at(i), load(i));
}

TEST(ServedSeries, AveragesTheValuesOfAStep) {
    auto series = make();
    for (int i = 0; i < 15; ++i) EXPECT_FALSE(series->value(start + minutes{i}, 10 + i).step_closed);
    EXPECT_TRUE(series->value(start + minutes{15}, 99).step_closed);
    EXPECT_EQ(series->forecaster().samples(), 1U);
    EXPECT_EQ(series->forecaster().long_horizon().ensemble().history().size(), 0U);
    series->tick(start + minutes{20});
    EXPECT_EQ(series->forecaster().samples(), 1U) << "its step is not over";
    EXPECT_TRUE(series->tick(start + minutes{30}).step_closed);
    EXPECT_FALSE(series->tick(start + minutes{45}).step_closed) << "nothing came";
    const auto said = series->forecast(HorizonClass::short_15min);
    ASSERT_TRUE(said);
    EXPECT_EQ(said->front().forecast.point, 99);
}

TEST(ServedSeries, LeavesOutLateValuesAndNoValues) {
    auto series = make();
    bool accepted = false;
    series->value(at(5), 1, &accepted);
    EXPECT_TRUE(accepted);
    series->value(at(4), 1, &accepted);
    EXPECT_FALSE(accepted);
    series->value(at(5), std::nan(""), &accepted);
    EXPECT_FALSE(accepted);
}

TEST(ServedSeries, ClaimsNoAccuracyBeforeThirtyMatches) {
    auto series = make();
    feed(*series, 0, 20);
    EXPECT_FALSE(series->accuracy(HorizonClass::short_15min, AccuracyWindow::day, at(20)).mae);
    EXPECT_FALSE(series->confidence(HorizonClass::short_15min));
    feed(*series, 20, 24 * day);
    const Time now = at(24 * day);
    for (const auto horizon :
         {HorizonClass::short_15min, HorizonClass::medium_60min, HorizonClass::long_48h}) {
        const auto figures = series->accuracy(horizon, AccuracyWindow::week, now);
        ASSERT_GE(figures.n, 30U) << static_cast<int>(horizon);
        EXPECT_LT(*figures.mase, 1);
        ASSERT_TRUE(series->confidence(horizon));
        EXPECT_GT(*series->confidence(horizon), 0.7);
    }
}

TEST(ServedSeries, TellsAnAnomalyOnce) {
    auto series = make();
    feed(*series, 0, 15 * day);
    int told = 0;
    for (std::size_t i = 15 * day; i < 15 * day + 8; ++i) {
        const auto news = series->value(at(i), 900 + 5.0 * static_cast<double>(i % 3));
        if (!news.anomaly) continue;
        ++told;
        EXPECT_GT(news.anomaly->severity, 3);
        EXPECT_GT(news.anomalous_value, 800);
        ASSERT_TRUE(news.expected);
        EXPECT_LT(*news.expected, 300);
    }
    EXPECT_EQ(told, 1);
}

TEST(ServedSeries, RetrainsOnANewLevel) {
    auto series = make();
    feed(*series, 0, 15 * day);
    bool retrained = false;
    for (std::size_t i = 15 * day; i < 16 * day; ++i) {
        retrained = series->value(at(i), load(i) + 400).retrained || retrained;
    }
    EXPECT_TRUE(retrained);
}

TEST(ServedSeries, ForecastsUnderAnEventAndLearnsWithoutIt) {
    EventBook events;
    ASSERT_TRUE(events.add({.id = "e",
                            .type = "marketing_campaign",
                            .name = "",
                            .source = "",
                            .start = at(15 * day),
                            .end = at(16 * day),
                            .ramp = {},
                            .expected_multiplier = 2.0},
                           start));
    auto series = make(&events);
    feed(*series, 0, 15 * day + 1);
    const auto said = series->forecast(HorizonClass::short_15min);
    ASSERT_TRUE(said);
    EXPECT_NEAR(said->front().forecast.point, 2 * load(15 * day), 30);
    bool anomaly = false;
    for (std::size_t i = 15 * day + 1; i < 16 * day; ++i) {
        anomaly = series->value(at(i), 2 * load(i)).anomaly.has_value() || anomaly;
    }
    EXPECT_FALSE(anomaly);
    feed(*series, 16 * day, 16 * day + 2);
    const auto after = series->forecast(HorizonClass::medium_60min);
    EXPECT_NEAR(after->front().forecast.point, load(16 * day + 4), 15) << "the baseline stayed clean";
}

TEST(ServedSeries, CountsAMeterThatRollsOver) {
    auto series = make(nullptr, CounterSettings{.wraps_at = 1000});
    double total = 900;
    for (std::size_t i = 0; i < 2 * day; ++i) {
        series->value(at(i), std::fmod(total, 1000.0));
        total += 7;
    }
    const auto said = series->forecast(HorizonClass::medium_60min);
    ASSERT_TRUE(said);
    EXPECT_NEAR(said->front().forecast.point, 7, 1e-9);
}

TEST(ServedSeries, ContinuesFromItsBlob) {
    auto series = make();
    feed(*series, 0, 9 * day);
    auto loaded = make();
    ASSERT_TRUE(loaded->load(series->save()));
    const auto a = series->forecast(HorizonClass::long_48h);
    const auto b = loaded->forecast(HorizonClass::long_48h);
    ASSERT_TRUE(a && b);
    for (std::size_t h = 0; h < a->size(); ++h) EXPECT_EQ((*a)[h].forecast.point, (*b)[h].forecast.point);
}

}  // namespace
}  // namespace sitepower::forecast
