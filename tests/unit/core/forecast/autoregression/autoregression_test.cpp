#include "core/forecast/autoregression/autoregression.hpp"

#include <gtest/gtest.h>

#include "tests/unit/core/forecast/synthetic.hpp"

namespace sitepower::forecast::autoregression_test {
namespace {

constexpr std::size_t horizon = 48;

std::vector<double> say(const Expert& expert, const History& history) {
    std::vector<double> values(horizon);
    expert.forecast(history, 0, values);
    return values;
}

TEST(Autoregression, FindsTheDecayOfASimpleOne) {
    Series series = make_series(960, 0);
    Noise noise(2);
    double state = 0;
    for (double& value : series.values) {
        state = 0.8 * state + noise.next();
        value = 10 + state;
    }
    series.values.back() = 20;
    Autoregression expert(series.seasons, horizon);
    expert.fit(series.history());
    const auto said = say(expert, series.history());
    EXPECT_NEAR(said[0] - 10, 8, 2);
    EXPECT_LT(std::abs(said[30] - 10), 2);
}

TEST(Autoregression, IsNotMovedByAFewAbsurdValues) {
    Series series = make_series(960, 1);
    for (const std::size_t t : {300U, 471U, 702U}) series.values[t] = 400;
    Autoregression expert(series.seasons, horizon);
    expert.fit(series.history());
    EXPECT_LT(continuation_error(say(expert, series.history()), 960), 10);
}

TEST(Autoregression, StaysWithinWhatWasSeen) {
    // Growing exponentially: run on for two days it would leave every range.
    Series series = make_series(960, 0);
    for (std::size_t t = 0; t < 960; ++t) series.values[t] = std::exp(static_cast<double>(t) / 60.0);
    Autoregression expert(series.seasons, horizon);
    expert.fit(series.history());
    const double highest = series.values.back();
    for (const double value : say(expert, series.history())) EXPECT_LE(value, 1.5 * highest + 1);
}

TEST(Autoregression, BeforeTwoWeeksItSaysNothingOfItsOwn) {
    const Series series = make_series(200, 1);
    Autoregression expert(series.seasons, horizon);
    expert.fit(series.history());
    EXPECT_EQ(expert.needs(series.seasons), 336U);
    for (const double value : say(expert, series.history())) EXPECT_TRUE(std::isfinite(value));
}

TEST(Autoregression, LearnsOnlyFromRowsThatWereSeen) {
    Series series = make_series(960, 1);
    for (std::size_t t = 400; t < 460; ++t) {
        series.values[t] = 500;  // what filled a long hole
        series.learnable[t] = 0;
    }
    Autoregression expert(series.seasons, horizon);
    expert.fit(series.history());
    EXPECT_LT(continuation_error(say(expert, series.history()), 960), 15);
}

TEST(Autoregression, RefusesAStateWithoutARange) {
    BlobWriter writer;
    writer.put_all(std::span<const double>(std::vector<double>(15, 0)));
    for (const double value : {0.0, 1.0, 5.0, -5.0}) writer.put(value);  // lowest above highest
    writer.put(true);
    const auto blob = writer.finish(1, 1);
    auto reader = BlobReader::open(blob, 1, 1);
    Autoregression expert(Seasons{}, horizon);
    expert.load(*reader);
    EXPECT_FALSE(reader->ok());
}

}  // namespace
}  // namespace sitepower::forecast::autoregression_test
