#include "core/forecast/analogue/analogue.hpp"

#include <gtest/gtest.h>

#include <array>

#include "tests/unit/core/forecast/synthetic.hpp"

namespace sitepower::forecast::analogue_test {
namespace {

constexpr std::size_t horizon = 48;

std::vector<double> say(const Expert& expert, const History& history) {
    std::vector<double> values(horizon);
    expert.forecast(history, 0, values);
    return values;
}

TEST(Analogue, RecallsWhatFollowedTheSamePattern) {
    // Every ninth and tenth day are odd; a ten-day rhythm is none of the seasons.
    Series series = make_series(1200, 0);
    const auto value_at = [](std::size_t t) {
        const std::size_t day = t / 24 % 10;
        return day >= 8 ? 200.0 + static_cast<double>(t % 24) : 100.0 + 10 * static_cast<double>(day);
    };
    for (std::size_t t = 0; t < 1200; ++t) series.values[t] = value_at(t);
    const std::size_t n = 48 * 24 - 24 * 4;  // the eve of an odd day: day 44 of 10 is a fifth, so step back
    const Analogue expert(series.seasons, horizon, 2000);
    const auto said = say(expert, series.until(n, horizon));
    double error = 0;
    for (std::size_t h = 0; h < horizon; ++h) error += std::abs(said[h] - value_at(n + h)) / horizon;
    EXPECT_LT(error, 12);
}

TEST(Analogue, AddsTheLevelOfNow) {
    Series series = make_series(960, 0);
    for (std::size_t t = 800; t < 960; ++t) series.values[t] += 1000;
    const Analogue expert(series.seasons, horizon, 2000);
    for (const double value : say(expert, series.history())) EXPECT_GT(value, 900);
}

TEST(Analogue, AnExactTwinTakesTheWeight) {
    // No two days of a week are alike, so only the same weekdays fit.
    constexpr std::array levels{0.0, 10.0, 50.0, 20.0, 90.0, 30.0, 70.0};
    const auto value_at = [&](std::size_t t) { return levels[t / 24 % 7] + static_cast<double>(t % 24); };
    Series series = make_series(960, 0);
    for (std::size_t t = 0; t < 960; ++t) series.values[t] = value_at(t);
    const Analogue expert(series.seasons, horizon, 2000);
    const auto said = say(expert, series.history());
    for (std::size_t h = 0; h < horizon; ++h) EXPECT_NEAR(said[h], value_at(960 + h), 0.1) << h;
}

TEST(Analogue, NeverLooksAtWhatIsNotYetKnown) {
    // If it did, the step at the end would be forecast to repeat.
    Series series = make_series(960, 0);
    const Analogue expert(series.seasons, horizon, 2000);
    const auto before = say(expert, series.until(900, horizon));
    for (std::size_t t = 900; t < 960; ++t) series.values[t] = 1e6;
    EXPECT_EQ(say(expert, series.until(900, horizon)), before);
}

TEST(Analogue, WithTooLittleHistorySaysTheLastValue) {
    const Series series = make_series(100, 3);
    const Analogue expert(series.seasons, horizon, 2000);
    for (const double value : say(expert, series.history())) EXPECT_EQ(value, series.values.back());
}

}  // namespace
}  // namespace sitepower::forecast::analogue_test
