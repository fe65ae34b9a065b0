#include "core/price/series.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <utility>

namespace sitepower::series_test {
namespace {

using namespace std::chrono_literals;

constexpr Time start = from_ms(1'795'305'600'000);  // midnight

PriceStep step(std::chrono::minutes from, std::chrono::minutes to, double value) {
    return {start + from, start + to, value};
}

PriceSeries series_of(std::vector<PriceStep> steps) {
    PriceSeries series;
    series.merge(steps);
    return series;
}

TEST(PriceSeries, KnowsWhatItWasTold) {
    const auto series = series_of({step(0min, 60min, 1), step(60min, 120min, 3)});
    EXPECT_FALSE(series.at(start - 1ms));
    EXPECT_EQ(series.at(start), 1);
    EXPECT_EQ(series.at(start + 60min), 3);
    EXPECT_FALSE(series.at(start + 120min));
    EXPECT_DOUBLE_EQ(*series.mean(start + 30min, start + 90min), 2);
    EXPECT_DOUBLE_EQ(*series.mean(start + 45min, start + 105min), 0.25 * 1 + 0.75 * 3);
    EXPECT_FALSE(series.mean(start + 90min, start + 121min)) << "not all of it is known";
    EXPECT_FALSE(series.mean(start, start));
    EXPECT_EQ(series.known_until(start), start + 120min);
    EXPECT_EQ(series.known_until(start + 130min), start + 130min);
}

TEST(PriceSeries, AGapIsNotBridged) {
    const auto series = series_of({step(0min, 60min, 1), step(75min, 120min, 3)});
    EXPECT_FALSE(series.mean(start, start + 120min));
    EXPECT_EQ(series.known_until(start), start + 60min);
}

TEST(PriceSeries, LeavesOutWhatIsNoStep) {
    const auto nan = std::numeric_limits<double>::quiet_NaN();
    EXPECT_TRUE(
        series_of({step(0min, 0min, 1), step(60min, 0min, 1), step(0min, 60min, nan)}).steps().empty());
}

TEST(PriceSeries, ForgetsFromTheFrontOnly) {
    auto series = series_of({step(0min, 60min, 1), step(60min, 120min, 3)});
    series.forget_before(start + 60min);
    EXPECT_FALSE(series.at(start));
    EXPECT_EQ(series.at(start + 60min), 3);
}

TEST(PriceSeries, ForgetsWhatIsToComeAndEndsWhatLasts) {
    auto series = series_of({step(0min, 60min, 1), step(60min, 120min, 3)});
    series.forget_from(start + 30min);
    EXPECT_EQ(series.steps(), std::vector{step(0min, 30min, 1)});
    series.forget_from(start);
    EXPECT_TRUE(series.steps().empty());
}

// Each publication repeats the last one whole: quadratic work would stall the loop.
TEST(PriceSeries, MergesAWholeYearOfMinutesOverAnotherInNoTime) {
    std::vector<PriceStep> steps;
    for (int i = 0; i < 100'000; ++i) {
        const auto from = start + i * 1min;
        steps.push_back({from, from + 90s, static_cast<double>(i)});
    }
    PriceSeries series;
    series.merge(steps);
    const auto begin = std::chrono::steady_clock::now();
    series.merge(steps);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 1s);
    EXPECT_EQ(series.steps().size(), PriceSeries::most_steps);
}

TEST(PriceSeries, AtItsLimitTheOldestGo) {
    PriceSeries series;
    std::vector<PriceStep> steps;
    for (std::size_t i = 0; i < PriceSeries::most_steps + 10; ++i) {
        const auto from = start + static_cast<std::int64_t>(i) * 15min;
        steps.push_back({from, from + 15min, static_cast<double>(i)});
    }
    series.merge(steps);
    EXPECT_EQ(series.steps().size(), PriceSeries::most_steps);
    EXPECT_EQ(series.steps().front().value, 10);
}

// The law: after any publications, each minute has the price of the last one that covered it.
TEST(PriceSeriesLaw, TheLastWordCountsForEachMinute) {
    std::mt19937_64 random(1);
    for (int run = 0; run < 200; ++run) {
        PriceSeries series;
        std::vector<PriceStep> told;
        std::map<int, double> by_minute;
        for (int publication = 0; publication < 12; ++publication) {
            const int from = static_cast<int>(random() % 100);
            const int to = from + 1 + static_cast<int>(random() % 40);
            const double value = static_cast<double>(random() % 9);
            told.push_back(step(std::chrono::minutes{from}, std::chrono::minutes{to}, value));
            for (int minute = from; minute < to; ++minute) by_minute[minute] = value;
            if (random() % 2 == 0) series.merge(std::exchange(told, {}));
        }
        series.merge(told);
        for (int minute = 0; minute < 150; ++minute) {
            const auto known = by_minute.find(minute);
            const auto said = series.at(start + std::chrono::minutes{minute} + 30s);
            ASSERT_EQ(said.has_value(), known != by_minute.end()) << run << " " << minute;
            if (said) {
                ASSERT_EQ(*said, known->second);
            }
        }
        for (std::size_t i = 1; i < series.steps().size(); ++i)
            ASSERT_LE(series.steps()[i - 1].to, series.steps()[i].from);
    }
}

TEST(Outlook, TakesTheSameHourOfAnEarlierDayWhereNothingIsPublished) {
    auto series = series_of({step(0min, 60min, 1), step(60min, 120min, 2)});
    const auto known = outlook(series, start, start + 60min);
    ASSERT_TRUE(known);
    EXPECT_TRUE(known->known);
    const auto tomorrow = outlook(series, start + 24h + 60min, start + 24h + 120min);
    ASSERT_TRUE(tomorrow);
    EXPECT_EQ(tomorrow->value, 2);
    EXPECT_FALSE(tomorrow->known);
    EXPECT_EQ(outlook(series, start + 7 * 24h, start + 7 * 24h + 60min)->value, 1) << "a week before";
    EXPECT_EQ(outlook(series, start + 9 * 24h, start + 9 * 24h + 60min)->value, 2)
        << "else the last known one";
    EXPECT_FALSE(outlook(series, start - 2h, start - 1h)) << "nothing is known before";
    EXPECT_FALSE(outlook(PriceSeries{}, start, start + 1h));
}

}  // namespace
}  // namespace sitepower::series_test
