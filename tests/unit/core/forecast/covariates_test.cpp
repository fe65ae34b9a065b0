// What covariates explain of a series, on days whose weather its own history does not tell.
#include "core/forecast/covariates.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <numbers>

namespace sitepower::forecast::covariates_test {
namespace {

using std::chrono::hours;

const Time start = *parse_time("2026-03-02T00:00:00Z");
constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

// Warmer and colder days in no order that a history of loads could tell.
double temperature(Time time) {
    const auto hour = (time - start) / hours{1};
    const auto day = hour / 24;
    std::uint64_t x = static_cast<std::uint64_t>(day) * 0x9E3779B97F4A7C15U;  // splitmix64
    x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9U;
    x = (x ^ (x >> 27U)) * 0x94D049BB133111EBU;
    const double weather = static_cast<double>((x >> 40U) % 17) - 8;
    return 22 + weather + 5 * std::sin(2 * std::numbers::pi * static_cast<double>(hour % 24) / 24);
}

// Cooling above 22 degrees.
double load(Time time) {
    const auto hour = (time - start) / hours{1};
    return 100 + 4 * std::max(temperature(time) - 22, 0.0) + std::sin(static_cast<double>(hour * hour));
}

// What a forecast from the history alone says: the same hour of the last days.
double plain(Time time) {
    double sum = 0;
    for (int day = 2; day <= 8; ++day) sum += load(time - day * hours{24});
    return sum / 7;
}

IssuedStep step_of(double value) {
    return {.point = value,
            .quantiles = {.p50 = value,
                          .p90 = value + 10,
                          .p99 = value + 20,
                          .lower95 = value - 15,
                          .upper95 = value + 15,
                          .calibrated = true,
                          .p99_calibrated = true}};
}

struct Errors {
    double plain = 0;
    double with = 0;
    int count = 0;
};

class CovariatesTest : public ::testing::Test {
  protected:
    // Each hour: the forecast of a day ahead is made, the hour's temperature is measured, the load comes.
    Errors live(
        int days, bool told_ahead, const std::function<bool(Time)>& measured = [](Time) { return true; }) {
        Errors errors;
        for (const Time end = now + hours{24} * days; now < end; now += hours{1}) {
            const Time ahead = now + hours{24};
            if (told_ahead) covariates.value(0, ahead, temperature(ahead), now);
            said[ahead] = covariates.effect_at(ahead, now);
            if (measured(now)) covariates.value(0, now, temperature(now), now);
            const auto effect = said[now];
            errors.plain += std::abs(load(now) - plain(now));
            errors.with += std::abs(load(now) - covariates.with(effect, step_of(plain(now))).point);
            ++errors.count;
            covariates.learn(now, plain(now), effect, load(now));
        }
        return errors;
    }

    Covariates covariates{{{.name = "temperature", .role = CovariateRole::temperature}}};
    std::map<Time, CovariateEffect> said;
    Time now = start;
};

TEST_F(CovariatesTest, WhatIsKnownInAdvanceMakesForecastsBetter) {
    live(28, true);
    EXPECT_TRUE(covariates.used(false));
    const auto errors = live(14, true);
    EXPECT_LT(errors.with, 0.35 * errors.plain);
    const auto effect = covariates.effect_at(now + hours{12}, now);
    EXPECT_FALSE(effect.substituted);
    const auto moved = covariates.with(effect, step_of(100));
    EXPECT_NEAR(moved.point, 100 + effect.shift, 1e-9);
    EXPECT_LT(moved.quantiles.upper95 - moved.quantiles.lower95, 25) << "no wider than its errors are";
    EXPECT_LT(moved.quantiles.p50, moved.quantiles.p90);
    EXPECT_LT(moved.quantiles.p90, moved.quantiles.p99);
}

TEST_F(CovariatesTest, SaysNothingBeforeItHasProvedUseful) {
    live(6, true);
    const auto plain_step = step_of(100);
    const auto effect = covariates.effect_at(now + hours{5}, now);
    EXPECT_FALSE(covariates.used(false));
    EXPECT_EQ(covariates.with(effect, plain_step).point, 100);
    EXPECT_EQ(covariates.with(effect, plain_step).quantiles.upper95, 115);
}

// Missing: what is not told ahead is made up and flagged, and never zero.
TEST_F(CovariatesTest, WhatIsMissingIsSubstitutedAndFlagged) {
    live(28, true);
    const Time later = now + hours{30};
    const auto effect = covariates.effect_at(later, now);
    EXPECT_TRUE(effect.known);
    EXPECT_TRUE(effect.substituted);
    EXPECT_LT(std::abs(effect.shift), 60) << "22 degrees of deviation would be 80";
    const auto step = covariates.with(effect, step_of(100));
    EXPECT_EQ(step.point, 100) << "nothing was ever gained with made-up values";

    // Given for this hour it counts as known.
    const std::vector<double> hot{temperature(later) + 10};
    const auto given = covariates.effect_at(later, now, hot);
    EXPECT_FALSE(given.substituted);
    const auto hotter = covariates.effect_at(later, now, std::vector{temperature(later) + 20});
    EXPECT_NEAR(hotter.shift - given.shift, 40, 8);
    EXPECT_TRUE(covariates.effect_at(later, now, std::vector{nothing}).substituted);
}

// A sensor that fails for ten days: forecasts go on as without it, and nothing wrong is learnt meanwhile.
TEST_F(CovariatesTest, ASensorThatFailsLeavesForecastsAsTheyWere) {
    live(28, true);
    const auto gap = live(10, false, [](Time) { return false; });
    EXPECT_LE(gap.with, 1.02 * gap.plain);
    EXPECT_FALSE(covariates.at(0, now - hours{1}));
    const auto silent = covariates.effect_at(now + hours{1}, now);
    EXPECT_TRUE(silent.substituted);
    EXPECT_EQ(silent.shift, 0);
    live(8, true);
    const auto again = live(7, true);
    EXPECT_LT(again.with, 0.5 * again.plain);
}

TEST_F(CovariatesTest, TheNewestWordOnAnHourToComeCountsUntilItIsMeasured) {
    const Time hour = now + hours{3};
    covariates.value(0, hour, 10, now);
    covariates.value(0, hour, 12, now);
    EXPECT_EQ(covariates.at(0, hour), 12);
    covariates.value(0, hour, 20, hour);
    covariates.value(0, hour + std::chrono::minutes{30}, 30, hour + std::chrono::minutes{30});
    EXPECT_EQ(covariates.at(0, hour), 25);
    covariates.value(0, now + hours{24 * 20}, 1, now);
    EXPECT_FALSE(covariates.at(0, now + hours{24 * 20})) << "too far ahead";
    covariates.value(0, hour, nothing, hour);
    covariates.value(7, hour, 1, hour);
    EXPECT_EQ(covariates.at(0, hour), 25);
}

TEST_F(CovariatesTest, AReloadedOneGoesOnBitForBit) {
    live(20, true);
    BlobWriter writer;
    covariates.save(writer);
    const auto blob = writer.finish(1, 1);
    Covariates other{{{.name = "temperature", .role = CovariateRole::temperature}}};
    auto reader = BlobReader::open(blob, 1, 1);
    other.load(*reader);
    EXPECT_TRUE(reader->finished());
    for (int h = 0; h < 30; ++h) {
        EXPECT_EQ(other.effect_at(now + hours{h}, now).shift,
                  covariates.effect_at(now + hours{h}, now).shift);
    }
    Covariates humidity{{{.name = "humidity"}}};
    reader = BlobReader::open(blob, 1, 1);
    humidity.load(*reader);
    EXPECT_TRUE(reader->finished()) << "others begin anew";
    EXPECT_FALSE(humidity.at(0, now - hours{1}));
    EXPECT_EQ(humidity.declared()[0].name, "humidity");
}

}  // namespace
}  // namespace sitepower::forecast::covariates_test
