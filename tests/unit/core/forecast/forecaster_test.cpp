#include "core/forecast/forecaster.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <limits>

#include "tests/unit/core/forecast/synthetic.hpp"

namespace sitepower::forecast::forecaster_test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

const Time start = *parse_time("2026-03-02T00:00:00Z");  // a Monday
constexpr Duration quarter{minutes{15}};
constexpr std::size_t day = 96;

std::unique_ptr<Forecaster> make(const ForecasterSetup& setup = {.step = quarter}) {
    auto made = Forecaster::make(setup);
    EXPECT_TRUE(made);
    return std::move(*made);
}

double value_at(std::size_t i) {
    return daily(i, day) + 2 * std::sin(static_cast<double>(i * i));
}

void feed(Forecaster& forecaster, std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
        forecaster.update(start + quarter * static_cast<std::int64_t>(i), value_at(i));
    }
}

TEST(Forecaster, ForecastsAllHorizonsOfAKnownSeries) {
    auto forecaster = make();
    feed(*forecaster, 0, 15 * day);
    const auto shortly = forecaster->forecast(HorizonClass::short_15min);
    const auto medium = forecaster->forecast(HorizonClass::medium_60min);
    const auto later = forecaster->forecast(HorizonClass::long_48h);
    ASSERT_TRUE(shortly && medium && later);
    EXPECT_EQ(shortly->front().valid_at, start + hours{15 * 24});
    EXPECT_NEAR(shortly->front().forecast.point, daily(15 * day, day), 8);
    EXPECT_NEAR(medium->front().forecast.point, daily(15 * day + 3, day), 8);
    ASSERT_EQ(later->size(), 48U);
    EXPECT_EQ(later->front().valid_at, start + hours{15 * 24});
    for (std::size_t h = 0; h < 48; ++h) {
        const auto& q = (*later)[h].forecast.quantiles;
        EXPECT_NEAR((*later)[h].forecast.point, daily(15 * day + 4 * h + 2, day), 12) << h;
        EXPECT_LE(q.p50, q.p90);
        EXPECT_LE(q.p90, q.p99);
        EXPECT_LT(q.lower95, q.upper95);
    }
}

TEST(Forecaster, AYoungSeriesHasAnIntervalOfSomeWidth) {
    auto forecaster = make();
    feed(*forecaster, 0, day + day / 5);  // of no two days is anything known
    const auto later = forecaster->forecast(HorizonClass::long_48h);
    ASSERT_TRUE(later);
    for (std::size_t h = 0; h < 48; ++h) {
        const auto& q = (*later)[h].forecast.quantiles;
        EXPECT_FALSE(q.calibrated);
        EXPECT_LT(q.lower95, q.p50 - 2) << h;
        EXPECT_GT(q.upper95, q.p90) << h;
        EXPECT_GT(q.p99, q.upper95) << h;
    }
}

TEST(Forecaster, AFewValuesThatAreAlikeAreNoConstant) {
    auto forecaster = make({.step = quarter, .resolution = 0.5});
    const auto update = [&](int i) { forecaster->update(start + quarter * i, 10); };
    update(0);
    update(1);
    const auto quantiles = [&] {
        return forecaster->forecast(HorizonClass::medium_60min)->front().forecast.quantiles;
    };
    const auto first = quantiles();
    EXPECT_EQ(first.p50, 10);
    EXPECT_EQ(first.lower95, 0) << "as wide as the value, and not below nothing";
    EXPECT_DOUBLE_EQ(first.upper95, 20.25);
    EXPECT_GT(first.p90, 15);
    EXPECT_LT(first.p90, first.upper95);
    EXPECT_GT(first.p99, first.upper95);
    EXPECT_FALSE(first.calibrated);
    for (int i = 2; i < 20; ++i) update(i);
    const auto sure = quantiles();
    EXPECT_DOUBLE_EQ(sure.lower95, 9.75);
    EXPECT_DOUBLE_EQ(sure.upper95, 10.25);
    EXPECT_EQ(sure.p90, 10);
    EXPECT_DOUBLE_EQ(sure.p99, 10.25);
}

// One hour measured, one spread over its steps from outside, a gap that the forecaster fills in itself.
TEST(Forecaster, CleansAgainWhatItWasToldAndNothingElse) {
    auto forecaster = make();
    feed(*forecaster, 0, 10 * day);
    const Time from = start + quarter * static_cast<std::int64_t>(10 * day);
    for (int i = 0; i < 4; ++i) forecaster->update(from + quarter * i, 50 + i);
    for (int i = 4; i < 8; ++i) forecaster->fill(from + quarter * i, 50 + i);
    for (int i = 16; i < 18; ++i) forecaster->fill(from + quarter * i, 50);  // an hour that is not over
    const auto hours_held = [&] {
        const auto values = forecaster->long_horizon().ensemble().history().values.last(5);
        return std::vector(values.begin(), values.end());
    };
    const auto before = hours_held();
    forecaster->clean_again(from, from + hours{24}, [](Time) { return 2; });
    const auto after = hours_held();
    EXPECT_EQ(after[0], before[0]) << "before it";
    EXPECT_DOUBLE_EQ(after[1], 2 * 51.5) << "as they came, and not as they were clipped";
    EXPECT_DOUBLE_EQ(after[2], 2 * 55.5);
    EXPECT_DOUBLE_EQ(after[3], before[3]) << "made up";
    EXPECT_DOUBLE_EQ(after[4], before[4]);
    for (int i = 18; i < 20; ++i) forecaster->fill(from + quarter * i, 100);
    EXPECT_NEAR(hours_held().back(), 100, 1e-9) << "the hour in progress, too";
    auto loaded = make();
    ASSERT_TRUE(loaded->load(forecaster->save()));
    loaded->clean_again(from, from + hours{24}, [](Time) { return 0.5; });
    forecaster->clean_again(from, from + hours{24}, [](Time) { return 0.5; });
    EXPECT_EQ(loaded->save(), forecaster->save()) << "what was made up is kept";
}

TEST(Forecaster, ARefitSaysAnewWhatIsForecast) {
    auto forecaster = make({.step = quarter, .refits_itself = false});
    feed(*forecaster, 0, 10 * day);
    forecaster->retrain();
    feed(*forecaster, 10 * day, 20 * day);
    const auto before = forecaster->forecast(HorizonClass::long_48h);
    forecaster->retrain();
    const auto after = forecaster->forecast(HorizonClass::long_48h);
    ASSERT_TRUE(before && after);
    EXPECT_EQ(before->front().valid_at, after->front().valid_at);
    EXPECT_NE(before->at(20).forecast.point, after->at(20).forecast.point);
    feed(*forecaster, 20 * day, 20 * day + 4);
    const auto next = forecaster->forecast(HorizonClass::long_48h);
    ASSERT_TRUE(next);
    EXPECT_EQ(next->front().valid_at, after->front().valid_at + hours{1}) << "and none is said twice";
}

// The first value says nothing of how much a signed series varies.
TEST(Forecaster, ShortForecastsDoNotDependOnTheUnit) {
    auto small = make({.step = quarter, .non_negative = false, .refits_itself = false});
    auto large = make({.step = quarter, .non_negative = false, .refits_itself = false});
    for (std::size_t i = 0; i < 6 * day; ++i) {
        const Time time = start + quarter * static_cast<std::int64_t>(i);
        const double value = i == 0 ? 70 : value_at(i) - 100;
        small->update(time, value);
        large->update(time, 1000 * value);
        if (small->refit_due()) small->retrain();
        if (large->refit_due()) large->retrain();
    }
    for (const auto horizon : {HorizonClass::short_15min, HorizonClass::medium_60min}) {
        const double point = small->forecast(horizon)->front().forecast.point;
        EXPECT_NEAR(large->forecast(horizon)->front().forecast.point / 1000, point, 0.01);
    }
}

TEST(Forecaster, ForecastsAnyTimeUpToTheHorizon) {
    auto forecaster = make();
    feed(*forecaster, 0, 15 * day);
    const auto hourly = forecaster->forecast(HorizonClass::long_48h);
    ASSERT_TRUE(hourly);
    const Time first = hourly->front().valid_at;
    const auto middle = forecaster->forecast_at(first + hours{5} + minutes{30});
    ASSERT_TRUE(middle);
    EXPECT_NEAR(middle->point, (*hourly)[5].forecast.point, 1e-9);
    const auto border = forecaster->forecast_at(first + hours{6});
    EXPECT_NEAR(border->point, ((*hourly)[5].forecast.point + (*hourly)[6].forecast.point) / 2, 1e-9);
    EXPECT_TRUE(forecaster->forecast_at(first));
    EXPECT_TRUE(forecaster->forecast_at(first + hours{47} + minutes{59}));
    const auto beyond = forecaster->forecast_at(first + hours{48});
    ASSERT_FALSE(beyond);
    EXPECT_EQ(beyond.error().code, ErrorCode::validation_error);
    EXPECT_NE(beyond.error().message.find("2026-03-"), std::string::npos) << "says how far they reach";
    EXPECT_FALSE(forecaster->forecast_at(first - minutes{1}));
}

// The mean of an hour is known better than any of its quarters.
TEST(Forecaster, TheIntervalOfAStepHoldsTheStep) {
    auto forecaster = make();
    feed(*forecaster, 0, 15 * day);
    std::size_t held = 0;
    std::size_t all = 0;
    for (std::size_t i = 15 * day; i < 18 * day; ++i) {
        feed(*forecaster, i, i + 1);
        const std::size_t ahead = i + 12;
        const auto said = forecaster->forecast_at(start + quarter * static_cast<std::int64_t>(ahead));
        ASSERT_TRUE(said);
        const auto& q = said->quantiles;
        EXPECT_LE(q.p50, q.p90);
        EXPECT_LE(q.p90, q.upper95);
        EXPECT_LE(q.upper95, q.p99);
        held += value_at(ahead) >= q.lower95 && value_at(ahead) <= q.upper95 ? 1U : 0U;
        ++all;
    }
    EXPECT_GE(static_cast<double>(held) / static_cast<double>(all), 0.92);
}

TEST(Forecaster, RefusesWhatItCannotKnowAndSaysWhatIsMissing) {
    auto forecaster = make();
    const auto nothing = forecaster->forecast(HorizonClass::short_15min);
    ASSERT_FALSE(nothing);
    EXPECT_EQ(nothing.error().code, ErrorCode::insufficient_data);
    EXPECT_NE(nothing.error().message.find("two samples"), std::string::npos);
    feed(*forecaster, 0, 10);
    const auto first = forecaster->forecast(HorizonClass::medium_60min);
    ASSERT_TRUE(first) << "the last value, uncalibrated";
    EXPECT_NEAR(first->front().forecast.point, value_at(9), 1e-9);
    EXPECT_FALSE(first->front().forecast.quantiles.calibrated);
    EXPECT_LT(first->front().forecast.quantiles.lower95, first->front().forecast.quantiles.upper95);
    const auto later = forecaster->forecast(HorizonClass::long_48h);
    ASSERT_FALSE(later);
    EXPECT_EQ(later.error().code, ErrorCode::insufficient_data);
    feed(*forecaster, 10, day + 4);
    EXPECT_TRUE(forecaster->forecast(HorizonClass::long_48h));
}

TEST(Forecaster, RefusesStepsThatDoNotFit) {
    for (const Duration step : {Duration{0}, Duration{-1}, Duration{minutes{7}}, Duration{hours{2}}}) {
        EXPECT_FALSE(Forecaster::make({.step = step})) << step.count();
    }
    auto hourly = make({.step = Duration{hours{1}}});
    for (int i = 0; i < 5; ++i) hourly->update(start + hours{i}, 10 + i);
    EXPECT_FALSE(hourly->forecast(HorizonClass::short_15min));
    EXPECT_TRUE(hourly->forecast(HorizonClass::medium_60min));
}

TEST(Forecaster, TakesNoNanAndNothingTwice) {
    auto forecaster = make();
    EXPECT_TRUE(forecaster->update(start, 5).accepted);
    EXPECT_FALSE(forecaster->update(start + minutes{3}, 6).accepted) << "the same step";
    EXPECT_FALSE(forecaster->update(start - hours{1}, 6).accepted) << "late";
    EXPECT_FALSE(forecaster->update(start + hours{1}, std::nan("")).accepted);
    EXPECT_FALSE(forecaster->update(start + hours{1}, INFINITY).accepted);
    EXPECT_EQ(forecaster->samples(), 1U);
}

TEST(Forecaster, AConstantForecastsItself) {
    auto forecaster = make({.step = quarter, .resolution = 0.1});
    for (std::size_t i = 0; i < 3 * day; ++i) {
        forecaster->update(start + quarter * static_cast<std::int64_t>(i), 7);
    }
    ASSERT_TRUE(forecaster->constant());
    for (const auto horizon :
         {HorizonClass::short_15min, HorizonClass::medium_60min, HorizonClass::long_48h}) {
        const auto said = forecaster->forecast(horizon);
        ASSERT_TRUE(said);
        EXPECT_EQ(said->front().forecast.point, 7);
        EXPECT_NEAR(said->back().forecast.quantiles.upper95 - said->back().forecast.quantiles.lower95, 0.1,
                    1e-12);
    }
    forecaster->update(start + hours{72}, 8);
    EXPECT_FALSE(forecaster->constant());
}

TEST(Forecaster, AConstantZeroIsNotForecastBelowIt) {
    auto forecaster = make({.step = quarter, .resolution = 1});
    forecaster->update(start, 0);
    forecaster->update(start + quarter, 0);
    ASSERT_TRUE(forecaster->constant());
    EXPECT_EQ(forecaster->forecast(HorizonClass::short_15min)->front().forecast.quantiles.lower95, 0);
}

TEST(Forecaster, BridgesAGapAndDoesNotLearnFromIt) {
    auto forecaster = make();
    feed(*forecaster, 0, 14 * day);
    const auto after = forecaster->update(start + quarter * static_cast<std::int64_t>(14 * day + 20),
                                          value_at(14 * day + 20));
    EXPECT_EQ(after.imputed, 20U);
    EXPECT_FALSE(after.outlier);
    feed(*forecaster, 14 * day + 21, 15 * day);
    const auto said = forecaster->forecast(HorizonClass::long_48h);
    ASSERT_TRUE(said);
    EXPECT_NEAR(said->front().forecast.point, daily(15 * day + 2, day), 15);
    EXPECT_FALSE(forecaster->degraded());
}

TEST(Forecaster, MostlyHolesIsDegraded) {
    auto forecaster = make();
    for (std::size_t i = 0; i < 10 * day; i += 2) {
        forecaster->update(start + quarter * static_cast<std::int64_t>(i), value_at(i));
    }
    EXPECT_TRUE(forecaster->degraded());
    EXPECT_TRUE(forecaster->forecast(HorizonClass::long_48h));
}

TEST(Forecaster, AfterAnAgeStartsAnew) {
    auto forecaster = make();
    feed(*forecaster, 0, 10 * day);
    forecaster->update(start + hours{24 * 60}, 100);
    EXPECT_EQ(forecaster->samples(), 1U);
    EXPECT_FALSE(forecaster->forecast(HorizonClass::long_48h));
}

TEST(Forecaster, ClipsAnOutlierAndFollowsANewLevel) {
    auto forecaster = make();
    feed(*forecaster, 0, 10 * day);
    const auto at = [&](std::size_t i) { return start + quarter * static_cast<std::int64_t>(i); };
    const auto spike = forecaster->update(at(10 * day), 5000);
    EXPECT_TRUE(spike.outlier);
    EXPECT_LT(spike.p_value, 0.01);
    const auto calm = forecaster->forecast(HorizonClass::short_15min);
    ASSERT_TRUE(calm);
    EXPECT_LT(calm->front().forecast.point, 1000);
    bool shifted = false;
    for (std::size_t i = 10 * day + 1; i < 10 * day + 40; ++i) {
        shifted = forecaster->update(at(i), value_at(i) + 2000).level_shift || shifted;
    }
    EXPECT_TRUE(shifted);
    EXPECT_NEAR(forecaster->forecast(HorizonClass::short_15min)->front().forecast.point, 2100, 150);
}

TEST(Forecaster, KeepsCivilTimeAcrossAClockChange) {
    // The load follows the local clock; an hour jumps on 29 March 01:00 UTC.
    const Time change = *parse_time("2026-03-29T01:00:00Z");
    const CivilClock berlin(
        {{.from = Time::min(), .offset = hours{1}}, {.from = change, .offset = hours{2}}});
    auto forecaster = make({.step = Duration{hours{1}}, .clock = berlin});
    const auto load = [&](Time time) { return daily(berlin.week_slot(time, hours{1})); };
    Time time = start;
    for (; time < change - hours{2}; time += hours{1}) forecaster->update(time, load(time));
    const auto said = forecaster->forecast(HorizonClass::long_48h);
    ASSERT_TRUE(said);
    double off = 0;
    for (const auto& step : *said) off += std::abs(step.forecast.point - load(step.valid_at)) / 48;
    EXPECT_LT(off, 4) << "by UTC lags alone it would be an hour off";
}

TEST(Forecaster, SignedSeriesMayBeNegative) {
    auto forecaster = make({.step = quarter, .non_negative = false});
    for (std::size_t i = 0; i < 10 * day; ++i) {
        forecaster->update(start + quarter * static_cast<std::int64_t>(i), value_at(i) - 130);
    }
    const auto said = forecaster->forecast(HorizonClass::long_48h);
    ASSERT_TRUE(said);
    double lowest = 0;
    for (const auto& step : *said) lowest = std::min(lowest, step.forecast.point);
    EXPECT_LT(lowest, -20);
}

TEST(Forecaster, ReloadedContinuesBitForBit) {
    auto forecaster = make();
    feed(*forecaster, 0, 9 * day + 7);
    const auto blob = forecaster->save();
    auto loaded = make();
    ASSERT_TRUE(loaded->load(blob));
    EXPECT_EQ(loaded->save(), blob);
    feed(*forecaster, 9 * day + 7, 11 * day);
    feed(*loaded, 9 * day + 7, 11 * day);
    EXPECT_EQ(loaded->save(), forecaster->save());
}

TEST(Forecaster, RefusesABlobThatIsNotItsOwn) {
    auto forecaster = make();
    feed(*forecaster, 0, 2 * day);
    auto blob = forecaster->save();
    auto other = make({.step = Duration{minutes{5}}});
    EXPECT_FALSE(other->load(blob));
    EXPECT_EQ(other->samples(), 0U);
    EXPECT_FALSE(other->load({}));
    blob[blob.size() / 2] ^= std::byte{1};
    auto damaged = make();
    EXPECT_FALSE(damaged->load(blob));
}

TEST(Forecaster, FitOfAHistoryIsItsUpdates) {
    RegularSeries history{.start = start, .step = quarter, .values = {}, .flags = {}};
    for (std::size_t i = 0; i < 10 * day; ++i) history.values.push_back(value_at(i));
    history.values[500] = std::nan("");
    auto fitted = make();
    ASSERT_TRUE(fitted->fit(history));
    EXPECT_EQ(fitted->samples(), 10 * day - 1);
    EXPECT_TRUE(fitted->forecast(HorizonClass::long_48h));
    history.step = Duration{hours{1}};
    EXPECT_FALSE(fitted->fit(history));
}

}  // namespace
}  // namespace sitepower::forecast::forecaster_test
