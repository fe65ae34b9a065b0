#include "core/forecast/double_seasonal/double_seasonal.hpp"

#include <gtest/gtest.h>

#include "core/forecast/seasonal_naive/seasonal_naive.hpp"
#include "tests/unit/core/forecast/synthetic.hpp"

namespace sitepower::forecast::double_seasonal_test {
namespace {

constexpr std::size_t horizon = 48;

std::vector<double> say(const Expert& expert, const History& history, std::size_t member = 0) {
    std::vector<double> values(horizon);
    expert.forecast(history, member, values);
    return values;
}

TEST(DoubleSeasonal, FollowsALevelThatMoved) {
    Series series = make_series(960, 1);
    for (std::size_t t = 600; t < 960; ++t) series.values[t] += 50;
    DoubleSeasonal expert(series.seasons, horizon);
    expert.fit(series.history());
    auto said = say(expert, series.history());
    for (double& value : said) value -= 50;
    EXPECT_LT(continuation_error(said, 960), 3);
}

TEST(DoubleSeasonal, SmoothsNoiseThatTheNaiveRepeats) {
    const Series series = make_series(960, 20);
    DoubleSeasonal expert(series.seasons, horizon);
    const SeasonalNaive naive;
    expert.fit(series.history());
    EXPECT_LT(continuation_error(say(expert, series.history()), 960),
              0.7 * continuation_error(say(naive, series.history(), SeasonalNaive::weekly), 960));
}

TEST(DoubleSeasonal, CarriesAnErrorOverForAWhile) {
    // A disturbance that decays: an hour later most of it is still there, two days later nothing.
    Series series = make_series(960, 0);
    Noise noise(5);
    double disturbance = 0;
    for (double& value : series.values) {
        disturbance = 0.9 * disturbance + 4 * noise.next();
        value += disturbance;
    }
    for (int t = 0; t < 3; ++t) series.values[959 - static_cast<std::size_t>(t)] += 40;
    DoubleSeasonal expert(series.seasons, horizon);
    expert.fit(series.history());
    const auto said = say(expert, series.history());
    const double soon = said[0] - daily(960);
    const double late = said[40] - daily(1000);
    EXPECT_GT(soon, 10);
    EXPECT_LT(std::abs(late), soon / 2);
}

TEST(DoubleSeasonal, RunsOnThroughWhatWasFilledIn) {
    Series series = make_series(960, 0);
    DoubleSeasonal undisturbed(series.seasons, horizon);
    undisturbed.fit(series.history());
    for (std::size_t t = 700; t < 760; ++t) {
        series.values[t] = -1e5;
        series.learnable[t] = 0;
    }
    DoubleSeasonal expert(series.seasons, horizon);
    expert.fit(series.history());
    EXPECT_LT(continuation_error(say(expert, series.history()), 960), 1.5);
}

TEST(DoubleSeasonal, UsesTheSlotsOfTheFuture) {
    // The local clock jumps an hour at the end of the history: the pattern comes an hour earlier.
    Series series = make_series(960, 0);
    for (std::size_t t = 960; t < series.slots.size(); ++t) {
        series.slots[t] = static_cast<std::uint16_t>((t + 1) % 168);
    }
    DoubleSeasonal expert(series.seasons, horizon);
    expert.fit(series.history());
    EXPECT_LT(continuation_error(say(expert, series.history()), 961), 1.0);
}

TEST(DoubleSeasonal, RefusesAStateThatIsNotOne) {
    const Series series = make_series(400, 1);
    DoubleSeasonal expert(series.seasons, horizon);
    expert.fit(series.history());
    BlobWriter writer;
    expert.save(writer);
    auto blob = writer.finish(1, 1);
    auto short_blob = BlobWriter();
    short_blob.put(1.0);
    const auto bytes = short_blob.finish(1, 1);
    auto reader = BlobReader::open(bytes, 1, 1);
    DoubleSeasonal other(series.seasons, horizon);
    other.load(*reader);
    EXPECT_FALSE(reader->ok());
    DoubleSeasonal wider({.day = 48, .week = 336}, 96);
    auto wrong_shape = BlobReader::open(blob, 1, 1);
    wider.load(*wrong_shape);
    EXPECT_FALSE(wrong_shape->ok());
}

}  // namespace
}  // namespace sitepower::forecast::double_seasonal_test
