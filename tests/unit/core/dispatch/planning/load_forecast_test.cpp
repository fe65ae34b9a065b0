#include "core/dispatch/planning/load_forecast.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace sitepower::dispatch::load_forecast_test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
constexpr Time midnight = from_ms(1'795'305'600'000);

// Of so many days up to midnight, as a function of the quarter's number.
template <class Load>
QuarterHistory days_of(int days, Load load) {
    QuarterHistory history{.first = midnight - days * 24h, .kw = {}};
    for (int i = 0; i < days * 96; ++i) history.kw.push_back(load(i));
    return history;
}

TEST(QuarterHistory, KnowsItsPlace) {
    const QuarterHistory history{.first = midnight, .kw = {1, unknown, 3, unknown}};
    EXPECT_EQ(history.at(midnight + 14min), 1);
    EXPECT_TRUE(std::isnan(history.at(midnight + 15min)));
    EXPECT_TRUE(std::isnan(history.at(midnight - 1ms)));
    EXPECT_TRUE(std::isnan(history.at(midnight + 60min)));
    EXPECT_EQ(history.known_until(), midnight + 45min);
    EXPECT_EQ((QuarterHistory{.first = midnight, .kw = {unknown}}).known_until(), midnight);
}

TEST(LoadForecast, IsTheLoadOfAWeekBefore) {
    const auto history = days_of(21, [](int i) { return 100.0 + i % 96 + 10 * ((i / 96) % 7); });
    const auto forecast = forecast_load(history, midnight, 15min, 7 * 96);
    ASSERT_TRUE(forecast);
    for (int i = 0; i < 7 * 96; ++i) {
        const auto t = static_cast<std::size_t>(i);
        EXPECT_EQ(forecast->p50_kw[t], 100.0 + i % 96 + 10 * (i / 96));
        EXPECT_EQ(forecast->p95_kw[t], forecast->p50_kw[t]) << "a rule that was never wrong has no spread";
    }
    EXPECT_THAT(forecast->method, HasSubstr("a week before"));
}

TEST(LoadForecast, AnHourIsTheMeanOfItsQuartersAndFiveMinutesArePartOfOne) {
    const auto history = days_of(8, [](int i) { return double(i % 96); });
    EXPECT_EQ(forecast_load(history, midnight, 1h, 2)->p50_kw, (std::vector<double>{1.5, 5.5}));
    EXPECT_EQ(forecast_load(history, midnight, 5min, 4)->p50_kw, (std::vector<double>{0, 0, 0, 1}));
}

TEST(LoadForecast, TakesYesterdayWhereAWeekIsNotKnown) {
    const auto history = days_of(2, [](int i) { return double(i / 96); });
    const auto forecast = forecast_load(history, midnight, 15min, 96);
    ASSERT_TRUE(forecast);
    EXPECT_EQ(forecast->p50_kw[0], 1) << "the latest day";
}

TEST(LoadForecast, GoesOnWithTheLastHourOfANewSite) {
    QuarterHistory history{.first = midnight, .kw = {10, 20, 30, 40, 50}};
    const auto forecast = forecast_load(history, midnight + 75min, 15min, 3);
    ASSERT_TRUE(forecast);
    EXPECT_EQ(forecast->p50_kw, (std::vector<double>{35, 35, 35}));
    EXPECT_DOUBLE_EQ(forecast->p90_kw[0], 38.5);
    EXPECT_DOUBLE_EQ(forecast->p95_kw[0], 40.25);
    EXPECT_THAT(forecast->method, HasSubstr("last hour goes on"));
    EXPECT_FALSE(forecast_load({.first = midnight, .kw = {unknown, unknown}}, midnight, 15min, 3));
    EXPECT_FALSE(forecast_load({}, midnight, 15min, 3));
    EXPECT_FALSE(forecast_load({.first = midnight - 72h, .kw = {5}}, midnight, 15min, 3)) << "three days old";
}

// The law: nine in ten, and nineteen in twenty, of what comes lies below.
TEST(LoadForecastLaw, TheSpreadIsThatOfTheRulesErrors) {
    std::mt19937_64 random(3);
    std::normal_distribution<double> noise(0, 5);
    const auto load = [&](int i) { return 100 + 20 * std::sin(i / 96.0 * 6.283) + noise(random); };
    const auto history = days_of(28, load);
    const auto forecast = forecast_load(history, midnight, 15min, 96 * 5);
    ASSERT_TRUE(forecast);
    int below_90 = 0;
    int below_95 = 0;
    for (int i = 0; i < 96 * 5; ++i) {
        const auto t = static_cast<std::size_t>(i);
        const double actual = load(i);
        below_90 += actual <= forecast->p90_kw[t];
        below_95 += actual <= forecast->p95_kw[t];
        ASSERT_LE(forecast->p50_kw[t], forecast->p90_kw[t]);
        ASSERT_LE(forecast->p90_kw[t], forecast->p95_kw[t]);
    }
    EXPECT_NEAR(below_90 / 480.0, 0.90, 0.05);
    EXPECT_NEAR(below_95 / 480.0, 0.95, 0.04);
}

TEST(LoadForecast, IsNeverBelowZero) {
    const auto history = days_of(8, [](int) { return -3.0; });
    EXPECT_EQ(forecast_load(history, midnight, 15min, 1)->p50_kw[0], 0);
}

}  // namespace
}  // namespace sitepower::dispatch::load_forecast_test
