// Laws that hold for a forecaster whatever it is fed: random holes, garbage, jumps, restarts.
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <limits>

#include "core/forecast/forecaster.hpp"
#include "tests/unit/core/forecast/synthetic.hpp"

namespace sitepower::forecast::rough_series_test {
namespace {

constexpr Duration half_hour{1'800'000};
const Time start = *parse_time("2026-01-05T00:00:00Z");

struct Kind {
    const char* name;
    bool non_negative;
    double (*value)(std::size_t t, Noise& noise);
};

class RoughSeries : public testing::TestWithParam<Kind> {
  protected:
    static std::unique_ptr<Forecaster> make() {
        auto made = Forecaster::make({.step = half_hour, .non_negative = GetParam().non_negative});
        return std::move(made.value());
    }

    // Every forecast that there is must be finite and ordered.
    static void check(const Forecaster& forecaster) {
        for (const auto horizon : {HorizonClass::medium_60min, HorizonClass::long_48h}) {
            const auto said = forecaster.forecast(horizon);
            if (!said) {
                EXPECT_EQ(said.error().code, ErrorCode::insufficient_data) << said.error().message;
                continue;
            }
            Time before = forecaster.newest() - half_hour * 2;
            for (const auto& step : *said) {
                const auto& q = step.forecast.quantiles;
                for (const double value : {step.forecast.point, q.p50, q.p90, q.p99, q.lower95, q.upper95}) {
                    ASSERT_TRUE(std::isfinite(value)) << GetParam().name;
                    if (GetParam().non_negative) {
                        ASSERT_GE(value, 0) << GetParam().name;
                    }
                }
                ASSERT_LE(q.p50, q.p90);
                ASSERT_LE(q.lower95, q.p50);
                ASSERT_LE(q.p90, q.upper95);
                ASSERT_LE(q.upper95, q.p99);
                ASSERT_GT(step.valid_at, before);
                before = step.valid_at;
            }
        }
    }
};

TEST_P(RoughSeries, ForecastsAreFiniteAndOrderedThroughout) {
    auto forecaster = make();
    Noise noise(11);
    Noise holes(12);
    Time time = start;
    for (std::size_t t = 0; t < 48 * 20; ++t) {
        time += half_hour;
        if (holes.next() > 0.9) time += half_hour * static_cast<std::int64_t>(10 * (1 + holes.next()));
        forecaster->update(time, GetParam().value(t, noise));
        if (t % 97 == 0) check(*forecaster);
    }
    check(*forecaster);
}

TEST_P(RoughSeries, ARestartAtAnyPointChangesNothing) {
    auto forecaster = make();
    auto restarted = make();
    Noise noise(21);
    for (std::size_t t = 0; t < 48 * 9; ++t) {
        const Time time = start + half_hour * static_cast<std::int64_t>(t);
        const double value = GetParam().value(t, noise);
        forecaster->update(time, value);
        restarted->update(time, value);
        if (t % 131 == 5) {
            const auto blob = restarted->save();
            restarted = make();
            ASSERT_TRUE(restarted->load(blob));
        }
    }
    EXPECT_EQ(forecaster->save(), restarted->save());
}

TEST_P(RoughSeries, GarbageBetweenTheValuesChangesNothing) {
    auto clean = make();
    auto dirty = make();
    Noise noise(31);
    for (std::size_t t = 0; t < 48 * 4; ++t) {
        const Time time = start + half_hour * static_cast<std::int64_t>(t);
        const double value = GetParam().value(t, noise);
        clean->update(time, value);
        dirty->update(time, std::numeric_limits<double>::quiet_NaN());
        dirty->update(time, value);
        dirty->update(time, value + 1e9);
        dirty->update(time - half_hour * 5, 3);
        dirty->update(time + half_hour, std::numeric_limits<double>::infinity());
    }
    EXPECT_EQ(clean->save(), dirty->save());
}

INSTANTIATE_TEST_SUITE_P(
    All, RoughSeries,
    testing::Values(
        Kind{"load", true, [](std::size_t at, Noise& noise) { return daily(at, 48) + 5 * noise.next(); }},
        Kind{"mostly_zero", true,
             [](std::size_t, Noise& noise) { return noise.next() > 0.9 ? 1000.0 : 0.0; }},
        Kind{
            "price", false,
            [](std::size_t at, Noise& noise) { return daily(at, 48) - 110 + std::pow(3 * noise.next(), 5); }},
        Kind{"huge", true,
             [](std::size_t at, Noise& noise) { return 1e14 * (daily(at, 48) + noise.next()); }},
        Kind{"tiny", true,
             [](std::size_t at, Noise& noise) { return 1e-14 * (daily(at, 48) + noise.next()); }},
        Kind{"walk", false,
             [](std::size_t, Noise& noise) {
                 static thread_local double level = 0;
                 return level += noise.next();
             }},
        Kind{"growing", true,
             [](std::size_t at, Noise& noise) {
                 return std::exp(static_cast<double>(at) / 40) + noise.next() + 2;
             }},
        Kind{"steps", true, [](std::size_t at, Noise&) { return at / 100 % 2 == 0 ? 10.0 : 500.0; }}),
    [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace sitepower::forecast::rough_series_test
