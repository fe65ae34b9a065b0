#include "core/forecast/long_forecaster.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/core/forecast/synthetic.hpp"

namespace sitepower::forecast::long_forecaster_test {
namespace {

constexpr std::size_t horizon = 48;

void fit(LongForecaster& forecaster, const Series& series, std::size_t n) {
    const History history = series.until(n, horizon);
    forecaster.fit(history.values, history.learnable, history.slots);
}

std::vector<IssuedStep> say(const LongForecaster& forecaster, bool naive_only = false) {
    std::vector<IssuedStep> steps(horizon);
    forecaster.forecast(steps, naive_only);
    return steps;
}

TEST(LongForecaster, SaysPointsWithinTheirIntervals) {
    const Series series = make_series(960, 10);
    LongForecaster forecaster({}, true);
    fit(forecaster, series, 960);
    ASSERT_TRUE(forecaster.fitted());
    for (const auto& step : say(forecaster)) {
        const auto& q = step.quantiles;
        EXPECT_TRUE(q.calibrated);
        EXPECT_FALSE(q.p99_calibrated) << "no forecast has matured";
        EXPECT_LE(q.lower95, step.point);
        EXPECT_GE(q.upper95, step.point);
        EXPECT_LE(q.p50, q.p90);
        EXPECT_LE(q.p90, q.p99);
    }
}

TEST(LongForecaster, TrustsItsOwnMaturedForecastsOnceThereAreSome) {
    const Series series = make_series(2000, 10);
    LongForecaster forecaster({}, true);
    fit(forecaster, series, 960);
    double inside = 0;
    double count = 0;
    for (std::size_t t = 960; t < 1940; ++t) {
        if (t > 1300 && t % 24 == 0) {
            const auto steps = say(forecaster);
            for (std::size_t h = 0; h < horizon; ++h) {
                const auto& q = steps[h].quantiles;
                inside += series.values[t + h] >= q.lower95 && series.values[t + h] <= q.upper95 ? 1 : 0;
                count += 1;
            }
        }
        forecaster.update(series.values[t], true, series.slots[t]);
    }
    EXPECT_TRUE(say(forecaster).front().quantiles.p99_calibrated);
    EXPECT_NEAR(inside / count, 0.95, 0.03);
}

TEST(LongForecaster, IntervalsDoNotDependOnTheUnit) {
    Series kilowatts = make_series(1200, 10);
    for (double& value : kilowatts.values) value -= 100;  // signed
    Series watts = kilowatts;
    for (double& value : watts.values) value *= 1000;
    LongForecaster in_kilowatts({.domain = Domain::asinh}, false);
    LongForecaster in_watts({.domain = Domain::asinh}, false);
    fit(in_kilowatts, kilowatts, 960);
    fit(in_watts, watts, 960);
    for (std::size_t t = 960; t < 1100; ++t) {
        in_kilowatts.update(kilowatts.values[t], true, kilowatts.slots[t]);
        in_watts.update(watts.values[t], true, watts.slots[t]);
        for (const bool naive_only : {false, true}) {
            const auto small = say(in_kilowatts, naive_only);
            const auto large = say(in_watts, naive_only);
            for (std::size_t h = 0; h < horizon; ++h) {
                const auto& q = small[h].quantiles;
                ASSERT_NEAR(large[h].quantiles.upper95 / 1000, q.upper95, 0.01) << t << ' ' << h;
                ASSERT_NEAR(large[h].quantiles.p99 / 1000, q.p99, 0.01) << t << ' ' << h;
                ASSERT_GT(q.upper95 - q.lower95, 5) << "noise of ten either way";
            }
        }
    }
}

// Of a series that does not change: errors of neighbouring hours are alike, and a level that took each for
// several of its own would be thrown from one end to the other.
TEST(LongForecaster, QuantilesOfASteadySeriesAreSteady) {
    Series series = make_series(960 + 24 * 60, 0);
    Noise noise(7);
    double error = 0;
    for (double& value : series.values) {
        error = 0.7 * error + noise.next() + noise.next() + noise.next();
        value += error;
    }
    LongForecaster forecaster({}, true);
    fit(forecaster, series, 960);
    double least = 1e9;
    double most = 0;
    for (std::size_t t = 960; t < series.values.size(); ++t) {
        forecaster.update(series.values[t], true, series.slots[t]);
        if (t < 960 + 24 * 15) continue;
        const auto steps = say(forecaster);
        for (std::size_t h = 3; h < horizon; h += 6) {
            const auto& q = steps[h].quantiles;
            least = std::min(least, q.p90 - q.p50);
            most = std::max(most, q.p90 - q.p50);
            EXPECT_LT(q.p90, q.p99);
        }
    }
    EXPECT_LT(most, 5 * least);
}

TEST(LongForecaster, SafeguardTakesOverWhenTheNaiveWouldHaveBeenBetter) {
    // Fitted on days that are all alike; then the days turn over at random, each of them a copy of the one
    // before or its mirror, so that nothing that was learnt holds. The naive is not worse than what is issued
    // for long.
    Series series = make_series(1700, 0);
    Noise noise(3);
    bool mirrored = false;
    for (std::size_t t = 960; t < 1700; ++t) {
        if (t % 168 == 0) mirrored = noise.next() > 0;
        if (mirrored) series.values[t] = 250 - series.values[t];
    }
    LongForecaster forecaster({}, true);
    fit(forecaster, series, 960);
    double issued = 0;
    double naive = 0;
    for (std::size_t t = 960; t + horizon < 1700; ++t) {
        if (t > 1200) {
            const auto steps = say(forecaster);
            for (std::size_t h = 0; h < horizon; ++h) {
                issued += std::abs(steps[h].point - series.values[t + h]);
                naive += std::abs(series.values[t - 24 + h % 24] - series.values[t + h]);
            }
        }
        forecaster.update(series.values[t], true, series.slots[t]);
    }
    EXPECT_LT(issued, 1.1 * naive);
}

TEST(LongForecaster, NaiveOnlyIsYesterday) {
    const Series series = make_series(960, 10);
    LongForecaster forecaster({}, true);
    fit(forecaster, series, 960);
    const auto steps = say(forecaster, true);
    for (std::size_t h = 0; h < horizon; ++h) EXPECT_EQ(steps[h].point, series.values[936 + h % 24]) << h;
}

TEST(LongForecaster, WhatWasFilledInMaturesNothing) {
    const Series series = make_series(1100, 10);
    LongForecaster forecaster({}, true);
    fit(forecaster, series, 960);
    for (std::size_t t = 960; t < 1100; ++t) forecaster.update(-1e9, false, series.slots[t]);
    EXPECT_FALSE(forecaster.safeguarded());
    EXPECT_FALSE(say(forecaster).front().quantiles.p99_calibrated);
}

TEST(LongForecaster, BeforeAFitItOnlyCollects) {
    LongForecaster forecaster({}, true);
    const Series series = make_series(100, 1);
    for (std::size_t t = 0; t < 100; ++t) forecaster.update(series.values[t], true, series.slots[t]);
    EXPECT_FALSE(forecaster.fitted());
    forecaster.refit();
    ASSERT_TRUE(forecaster.fitted());
    for (const auto& step : say(forecaster)) EXPECT_NEAR(step.point, 100, 70);
}

TEST(LongForecaster, RefitAndIssueSaysAnewWithoutMovingOn) {
    const Series series = make_series(1100, 10);
    LongForecaster forecaster({}, true);
    fit(forecaster, series, 960);
    for (std::size_t t = 960; t < 1100; ++t) forecaster.update(series.values[t], true, series.slots[t]);
    const auto before = say(forecaster);
    forecaster.refit_and_issue();
    const auto once = say(forecaster);
    forecaster.refit_and_issue();
    const auto twice = say(forecaster);
    EXPECT_NE(before[0].point, once[0].point);
    for (std::size_t h = 0; h < horizon; ++h) EXPECT_EQ(once[h].point, twice[h].point);
}

TEST(LongForecaster, ComesBackFromItsBlob) {
    const Series series = make_series(1200, 10);
    LongForecaster forecaster({}, true);
    fit(forecaster, series, 960);
    for (std::size_t t = 960; t < 1100; ++t) forecaster.update(series.values[t], true, series.slots[t]);
    BlobWriter writer;
    forecaster.save(writer);
    const auto blob = writer.finish(1, 1);
    auto reader = BlobReader::open(blob, 1, 1);
    LongForecaster loaded({}, true);
    loaded.load(*reader);
    ASSERT_TRUE(reader->finished());
    for (std::size_t t = 1100; t < 1200; ++t) {
        forecaster.update(series.values[t], true, series.slots[t]);
        loaded.update(series.values[t], true, series.slots[t]);
    }
    const auto a = say(forecaster);
    const auto b = say(loaded);
    for (std::size_t h = 0; h < horizon; ++h) {
        EXPECT_EQ(a[h].point, b[h].point);
        EXPECT_EQ(a[h].quantiles.p99, b[h].quantiles.p99);
    }
}

}  // namespace
}  // namespace sitepower::forecast::long_forecaster_test
