#include "core/forecast/ensemble.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "core/forecast/backtest_interval.hpp"
#include "tests/unit/core/forecast/synthetic.hpp"

namespace sitepower::forecast::ensemble_test {
namespace {

constexpr std::size_t horizon = 48;

std::vector<double> say(const Ensemble& ensemble) {
    std::vector<double> values(horizon);
    ensemble.forecast(values);
    return values;
}

void fit(Ensemble& ensemble, const Series& series, std::size_t n) {
    const History history = series.until(n, horizon);
    ensemble.fit(history.values, history.learnable, history.slots);
}

TEST(Ensemble, IsBetterThanTheNoise) {
    const Series series = make_series(960, 20);
    Ensemble ensemble({});
    fit(ensemble, series, 960);
    EXPECT_LT(continuation_error(say(ensemble), 960), 8);
    double total = 0;
    for (const auto& member : ensemble.members()) {
        total += member.weight;
        EXPECT_TRUE(member.error) << member.name;
    }
    EXPECT_NEAR(total, 1, 1e-9);
    EXPECT_EQ(ensemble.backtest().size(), Ensemble::most_origins);
}

TEST(Ensemble, BacktestNeverSawWhatItForecast) {
    // From the first origin on all is unlike anything before: a forecast that had seen it would be right.
    Series series = make_series(960, 1);
    for (std::size_t t = 960 - Ensemble::most_origins * horizon; t < 960; ++t) series.values[t] += 500;
    Ensemble ensemble({});
    fit(ensemble, series, 960);
    const auto& first = ensemble.backtest().front();
    for (std::size_t h = 0; h < horizon; ++h) EXPECT_GT(first.actual[h] - first.forecast[h], 300) << h;
}

TEST(Ensemble, WhatWasFilledInWeighsNobody) {
    Series clean = make_series(960, 20);
    for (std::size_t t = 940; t < 960; ++t) clean.learnable[t] = 0;
    Series filled = clean;
    for (std::size_t t = 940; t < 960; ++t) filled.values[t] += 500;
    Ensemble one({});
    Ensemble other({});
    fit(one, clean, 960);
    fit(other, filled, 960);
    for (std::size_t m = 0; m < one.members().size(); ++m)
        EXPECT_LT(*other.members()[m].error, 1.1 * *one.members()[m].error) << one.members()[m].name;
}

TEST(Ensemble, UpdatedGoesOnFromTheNewestValue) {
    const Series series = make_series(960, 5);
    Ensemble ensemble({});
    fit(ensemble, series, 900);
    for (std::size_t t = 900; t < 960; ++t) ensemble.update(series.values[t], true, series.slots[t]);
    EXPECT_LT(continuation_error(say(ensemble), 960), 4);
    ensemble.refit();
    Ensemble fresh({});
    fit(fresh, series, 960);
    EXPECT_EQ(say(ensemble), say(fresh)) << "a refit is a fit of what is held";
}

TEST(Ensemble, KeepsNoMoreThanItMay) {
    const Series series = make_series(3000, 5);
    Ensemble ensemble({.longest_history = 1000});
    fit(ensemble, series, 3000);
    EXPECT_EQ(ensemble.history().size(), 1000U);
    Ensemble of_the_last({.longest_history = 1000});
    Series last = series;
    last.values.erase(last.values.begin(), last.values.begin() + 2000);
    last.learnable.resize(1000);
    last.slots.erase(last.slots.begin(), last.slots.begin() + 2000);
    fit(of_the_last, last, 1000);
    EXPECT_EQ(say(ensemble), say(of_the_last));
}

TEST(Ensemble, ReloadedContinuesBitForBit) {
    const Series series = make_series(960, 5);
    Ensemble ensemble({});
    fit(ensemble, series, 900);
    BlobWriter writer;
    ensemble.save(writer);
    const auto blob = writer.finish(1, 1);
    auto reader = BlobReader::open(blob, 1, 1);
    ASSERT_TRUE(reader);
    Ensemble loaded({});
    loaded.load(*reader);
    ASSERT_TRUE(reader->finished());
    for (std::size_t t = 900; t < 960; ++t) {
        ensemble.update(series.values[t], true, series.slots[t]);
        loaded.update(series.values[t], true, series.slots[t]);
    }
    EXPECT_EQ(say(ensemble), say(loaded));
    ensemble.refit();
    loaded.refit();
    EXPECT_EQ(say(ensemble), say(loaded));
}

TEST(Ensemble, OfAYoungSeriesTheAbleOnesSpeak) {
    for (const std::size_t n : {24U, 30U, 100U, 192U, 250U, 336U, 400U}) {
        const Series series = make_series(n, 1);
        Ensemble ensemble({});
        fit(ensemble, series, n);
        ASSERT_TRUE(ensemble.fitted());
        for (const double value : say(ensemble)) {
            EXPECT_GT(value, 10) << n;
            EXPECT_LT(value, 200) << n;
        }
    }
    Ensemble too_young({});
    fit(too_young, make_series(23, 1), 23);
    EXPECT_FALSE(too_young.fitted());
}

TEST(Ensemble, NegativePricesStayNegative) {
    Series series = make_series(960, 5);
    for (double& value : series.values) value -= 120;
    Ensemble ensemble({.domain = Domain::asinh});
    fit(ensemble, series, 960);
    auto said = say(ensemble);
    for (double& value : said) value += 120;
    EXPECT_LT(continuation_error(said, 960), 5);
}

TEST(Ensemble, ZerosAreForecastAsZeros) {
    Series series = make_series(960, 0);
    std::ranges::fill(series.values, 0);
    Ensemble ensemble({});
    fit(ensemble, series, 960);
    for (const double value : say(ensemble)) EXPECT_NEAR(value, 0, 1e-9);
}

TEST(BacktestInterval, CoversWhatItShould) {
    int covered = 0;
    int total = 0;
    for (std::uint32_t seed = 1; seed <= 12; ++seed) {
        const Series series = make_series(1008, 15, horizon, seed);
        Ensemble ensemble({});
        fit(ensemble, series, 960);
        const BacktestInterval interval(ensemble.backtest(), ensemble.naive_scale(), true);
        ASSERT_TRUE(interval.calibrated());
        std::vector<double> said(horizon);
        std::vector<double> spread(horizon);
        ensemble.forecast(said, spread);
        std::vector<double> lower(horizon);
        std::vector<double> upper(horizon);
        interval.bounds(said, spread, lower, upper);
        for (std::size_t h = 0; h < horizon; ++h) {
            const double actual = series.values[960 + h];
            covered += actual >= lower[h] && actual <= upper[h] ? 1 : 0;
            ++total;
            ASSERT_LE(lower[h], said[h]);
            ASSERT_GE(upper[h], said[h]);
        }
    }
    EXPECT_GT(covered / static_cast<double>(total), 0.9);
}

TEST(BacktestInterval, WithoutResidualsGrowsAndSaysSo) {
    const BacktestInterval interval({}, 10, true);
    EXPECT_FALSE(interval.calibrated());
    const std::vector<double> said(4, 100);
    std::vector<double> lower(4);
    std::vector<double> upper(4);
    interval.bounds(said, std::vector<double>(said.size(), 0), lower, upper);
    EXPECT_GT(upper[3] - lower[3], upper[0] - lower[0]);
    std::vector<double> p90(4);
    std::vector<double> p99(4);
    interval.quantile(said, std::vector<double>(4, 0), 0.9, p90);
    interval.quantile(said, std::vector<double>(4, 0), 0.99, p99);
    EXPECT_GT(p90[0], 100);
    EXPECT_GT(p99[0], p90[0]);
}

TEST(BacktestInterval, DoesNotReachBelowZeroWhereNothingCanBe) {
    const BacktestInterval interval({}, 100, true);
    const std::vector<double> said{1, 2};
    std::vector<double> lower(2);
    std::vector<double> upper(2);
    interval.bounds(said, std::vector<double>(said.size(), 0), lower, upper);
    EXPECT_EQ(lower[0], 0);
    BacktestInterval({}, 100, false).bounds(said, std::vector<double>(2, 0), lower, upper);
    EXPECT_LT(lower[0], 0);
}

}  // namespace
}  // namespace sitepower::forecast::ensemble_test
