#include "core/forecast/day_ahead/forecaster.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/unit/core/forecast/day_ahead/synthetic_days.hpp"

namespace sitepower::forecast::forecaster_test {
namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t slots = 6;

// Few slots and short windows, of all three kinds: 4 x 6 + 3 x 6 + 10 = 52 regressors.
DayAheadSetup small_setup(DayTarget target = DayTarget::price) {
    auto setup = target == DayTarget::price ? price_setup(slots, {{.name = "wind"}})
                                            : load_setup(slots, {{.name = "wind"}});
    setup.least_days = 21;
    setup.windows = {{.days = 30, .penalties = {1}}, {.days = 60, .penalties = {0.3, 3}}};
    setup.kernels = {{.days = 60}};
    setup.stacking = {{.days = 20, .penalty = 0.1}};
    return setup;
}

DayAheadForecaster make(const DayAheadSetup& setup) {
    auto created = DayAheadForecaster::create(setup);
    EXPECT_TRUE(created);
    return std::move(*created);
}

// Learns all; the last `forecast` days are forecast before. Gives the mean error of those.
double run(DayAheadForecaster& forecaster, const std::vector<Day>& days, std::size_t forecast) {
    double error = 0;
    for (std::size_t i = 0; i < days.size(); ++i) {
        if (i + forecast >= days.size()) {
            const auto made = forecaster.forecast(days[i]);
            EXPECT_TRUE(made) << made.error().message;
            if (made)
                error += mean_error(days[i].target, made->quantiles.p50) / static_cast<double>(forecast);
        }
        EXPECT_TRUE(forecaster.learn(days[i]));
    }
    return error;
}

Day next_of(const std::vector<Day>& days) {
    Day day = days.back();
    day.date += std::chrono::days{1};
    return day;
}

TEST(DayAhead, FollowsTheCovariate) {
    const auto days = synthetic_days(140, slots);
    auto forecaster = make(small_setup());
    const double error = run(forecaster, days, 40);
    double naive = 0;
    for (std::size_t i = 100; i < 140; ++i) {
        naive += mean_error(days[i].target, days[i - 1].target) / 40;
    }
    EXPECT_LT(error, 0.25 * naive);
}

TEST(DayAhead, RefusesWithTooFewDaysAndSaysHowMany) {
    auto forecaster = make(small_setup());
    const auto days = synthetic_days(30, slots);
    const auto none = forecaster.forecast(days[0]);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, ErrorCode::insufficient_data);
    for (std::size_t i = 0; i < 20; ++i) {
        ASSERT_TRUE(forecaster.learn(days[i]));
    }
    const auto few = forecaster.forecast(days[20]);
    ASSERT_FALSE(few);
    EXPECT_NE(few.error().message.find("21 complete days"), std::string::npos) << few.error().message;
    EXPECT_NE(few.error().message.find("13 are known"), std::string::npos) << few.error().message;
}

TEST(DayAhead, RefusesOtherDatesAndShapes) {
    auto forecaster = make(small_setup());
    const auto days = synthetic_days(60, slots);
    run(forecaster, days, 0);
    EXPECT_FALSE(forecaster.learn(days[10]));
    EXPECT_FALSE(forecaster.forecast(days[10]));
    Day wrong = next_of(days);
    wrong.covariates.clear();
    EXPECT_FALSE(forecaster.forecast(wrong));
    EXPECT_FALSE(forecaster.learn(wrong));
    wrong = next_of(days);
    wrong.target.push_back(1);
    EXPECT_FALSE(forecaster.learn(wrong));
    EXPECT_FALSE(DayAheadForecaster::create({.slots = 0}));
}

TEST(DayAhead, TheSameDaysGiveTheSameBitsAlsoAcrossSaveAndLoad) {
    const auto days = synthetic_days(150, slots);
    auto straight = make(small_setup());
    auto reloaded = make(small_setup());
    for (std::size_t i = 0; i < days.size(); ++i) {
        if (i >= 60) {
            const auto a = straight.forecast(days[i]);
            const auto b = reloaded.forecast(days[i]);
            ASSERT_TRUE(a && b);
            ASSERT_EQ(a->quantiles.p50, b->quantiles.p50) << i;
            ASSERT_EQ(a->quantiles.upper95, b->quantiles.upper95) << i;
        }
        if (i % 7 == 3) {  // also between a forecast and its day
            const auto blob = reloaded.save();
            reloaded = make(small_setup());
            ASSERT_TRUE(reloaded.load(blob));
        }
        ASSERT_TRUE(straight.learn(days[i]));
        ASSERT_TRUE(reloaded.learn(days[i]));
    }
}

TEST(DayAhead, RefusesTheStateOfAnotherSetupAndADamagedOne) {
    auto forecaster = make(small_setup());
    run(forecaster, synthetic_days(80, slots), 5);
    auto blob = forecaster.save();
    auto setup = small_setup();
    setup.kernels[0].width = 3;
    auto other = make(setup);
    EXPECT_FALSE(other.load(blob));
    EXPECT_EQ(other.days(), 0U);
    blob[blob.size() / 2] ^= std::byte{1};
    auto same = make(small_setup());
    EXPECT_FALSE(same.load(blob));
    EXPECT_FALSE(same.load({}));
}

TEST(DayAhead, AMissingCovariateIsEstimatedFlaggedAndWidens) {
    auto days = synthetic_days(140, slots);
    auto forecaster = make(small_setup());
    run(forecaster, days, 40);
    Day today = synthetic_days(141, slots).back();
    const auto known = forecaster.forecast(today);
    Day blind = today;
    blind.covariates[0].assign(slots, unknown);
    const auto estimated = forecaster.forecast(blind);
    ASSERT_TRUE(known && estimated);
    EXPECT_FALSE(known->covariate_substituted);
    EXPECT_TRUE(estimated->covariate_substituted);
    const auto width = [](const DayForecast& f) { return f.quantiles.upper95[3] - f.quantiles.lower95[3]; };
    EXPECT_GT(width(*estimated), 1.5 * width(*known));
    for (const double value : estimated->quantiles.p50) {
        EXPECT_NEAR(value, 40, 30);  // a zero in place of about 1000 would give far more than 60
    }
}

TEST(DayAhead, SurvivesAGapAndForecastsOn) {
    auto days = synthetic_days(140, slots);
    days[120].target.assign(slots, unknown);
    days[125].covariates[0][2] = unknown;
    days.erase(days.begin() + 110, days.begin() + 113);
    auto forecaster = make(small_setup());
    EXPECT_LT(run(forecaster, std::vector<Day>(days.begin(), days.end()), 3), 2);
    EXPECT_EQ(forecaster.days(), 60U + 7U + 28U + 1U);  // bounded
}

TEST(DayAhead, ANaiveForecastStandsInWhileTheCombinationLoses) {
    // The covariate's effect turns round at once: the regressions are wrong by twice the effect, while the
    // same values as the day before would be right, since the wind has stopped changing.
    auto days = synthetic_days(140, slots);
    for (std::size_t i = 110; i < days.size(); ++i) {
        days[i].target.assign(slots, 90.0);
        days[i].covariates[0] = days[110 + i % 5].covariates[0];
    }
    auto forecaster = make(small_setup());
    std::size_t stood_in = 0;
    for (std::size_t i = 0; i < 125; ++i) {
        if (i >= 80) {
            const auto made = forecaster.forecast(days[i]);
            ASSERT_TRUE(made);
            EXPECT_TRUE(i >= 110 || !made->naive_stands_in) << i;
            if (made->naive_stands_in) {
                ++stood_in;
                // The level jumped by 50; what is left is the median of the errors made by then.
                EXPECT_LT(mean_error(days[i].target, made->quantiles.p50), 10) << i;
            }
        }
        ASSERT_TRUE(forecaster.learn(days[i]));
    }
    EXPECT_GT(stood_in, 3U);
}

TEST(DayAhead, ALongGapStartsANewHistory) {
    auto forecaster = make(small_setup());
    const auto days = synthetic_days(140, slots);
    for (std::size_t i = 0; i < 80; ++i) {
        ASSERT_TRUE(forecaster.learn(days[i]));
    }
    ASSERT_TRUE(forecaster.learn(days[120]));
    EXPECT_EQ(forecaster.days(), 1U);
    EXPECT_FALSE(forecaster.forecast(days[121]));
}

TEST(DayAhead, NegativePricesAndSpikesStayWithinReason) {
    auto days = synthetic_days(140, slots, -20);
    days[130].target[2] = 3000;
    days[131].target[1] = -500;
    auto forecaster = make(small_setup());
    run(forecaster, days, 40);
    const auto made = forecaster.forecast(next_of(days));
    ASSERT_TRUE(made);
    for (std::size_t slot = 0; slot < slots; ++slot) {
        EXPECT_LT(made->quantiles.p50[slot], 100);
        EXPECT_GT(made->quantiles.p50[slot], -150);
        EXPECT_LE(made->quantiles.p50[slot], made->quantiles.p90[slot]);
        EXPECT_LE(made->quantiles.p90[slot], made->quantiles.p99[slot]);
    }
}

TEST(DayAhead, AConstantPriceIsForecastAsItIs) {
    auto days = synthetic_days(120, slots);
    for (auto& day : days) {
        day.target.assign(slots, 30.0);
    }
    auto forecaster = make(small_setup());
    run(forecaster, days, 40);
    const auto made = forecaster.forecast(next_of(days));
    ASSERT_TRUE(made);
    EXPECT_NEAR(made->quantiles.p50[0], 30, 1e-6);
    EXPECT_NEAR(made->quantiles.lower95[0], 30, 1e-3);
    EXPECT_NEAR(made->quantiles.upper95[0], 30, 1e-3);
}

TEST(DayAhead, AnEndlessCovariateDoesNotCrashIt) {
    auto days = synthetic_days(100, slots);
    auto forecaster = make(small_setup());
    run(forecaster, days, 10);
    Day today = next_of(days);
    today.covariates[0][1] = std::numeric_limits<double>::infinity();
    const auto made = forecaster.forecast(today);
    ASSERT_TRUE(made);
    EXPECT_TRUE(made->covariate_substituted);
    for (const double value : made->quantiles.upper95) {
        EXPECT_TRUE(std::isfinite(value));
    }
}

TEST(DayAhead, ALoadIsNeverNegativeAndZerosInItAreUnknown) {
    auto days = synthetic_days(140, slots, 40);
    for (auto& day : days) {
        for (auto& value : day.target) {
            value = std::exp(value / 20);
        }
    }
    days[128].target[3] = 0;
    auto forecaster = make(small_setup(DayTarget::load));
    run(forecaster, days, 30);
    const auto made = forecaster.forecast(next_of(days));
    ASSERT_TRUE(made);
    for (std::size_t slot = 0; slot < slots; ++slot) {
        EXPECT_GT(made->quantiles.p50[slot], 0);
        EXPECT_GE(made->quantiles.lower95[slot], 0);
    }
}

}  // namespace
}  // namespace sitepower::forecast::forecaster_test
