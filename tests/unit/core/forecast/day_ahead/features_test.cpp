#include "core/forecast/day_ahead/features.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/unit/core/forecast/day_ahead/synthetic_days.hpp"

namespace sitepower::forecast::features_test {
namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

DayAheadSetup half_hourly_load() {
    return load_setup(48, {{.name = "t", .role = CovariateRole::temperature}});
}

TEST(DayScaling, OfPricesIsRobustAndItsTransformTurnsBack) {
    const auto setup = price_setup(24, {{.name = "wind"}});
    auto days = synthetic_days(60, 24);
    const auto before = Scaling::of(setup, days);
    days[10].target[3] = 3000;
    days[11].target[4] = unknown;
    const auto after = Scaling::of(setup, days);
    EXPECT_NEAR(after.location, before.location, 0.5);
    EXPECT_NEAR(after.scale, before.scale, 0.5);
    for (const double price : {-500.0, -1.0, 0.0, 40.0, 3000.0}) {
        const double z = to_scale(DayTarget::price, after, price);
        EXPECT_NEAR(from_scale(DayTarget::price, after, z), price, 1e-9);
        const double up = from_scale(DayTarget::price, after, z + 1e-6);
        EXPECT_NEAR(slope_at(DayTarget::price, after, z), (up - price) / 1e-6, 1e-3 * (1 + std::abs(price)));
    }
}

TEST(DayScaling, OfAConstantSeriesIsOne) {
    const auto setup = price_setup(24, {{.name = "wind"}});
    auto days = synthetic_days(10, 24);
    for (auto& day : days) {
        day.target.assign(24, 7.0);
        day.covariates[0].assign(24, 3.0);
    }
    const auto scaling = Scaling::of(setup, days);
    EXPECT_EQ(scaling.location, 7);
    EXPECT_EQ(scaling.scale, 1);
    EXPECT_EQ(scaling.covariate_deviation[0], 1);
}

TEST(DayScaling, ALoadThatIsNotPositiveIsUnknown) {
    EXPECT_TRUE(std::isnan(to_scale(DayTarget::load, {}, 0)));
    EXPECT_TRUE(std::isnan(to_scale(DayTarget::load, {}, -3)));
    EXPECT_DOUBLE_EQ(from_scale(DayTarget::load, {}, to_scale(DayTarget::load, {}, 250)), 250);
}

TEST(DayRegressors, OfPricesAreTheKnownSet) {
    const DayRegressors regressors(price_setup(24, {{.name = "load"}, {.name = "wind"}}));
    // 4 x 24 lags, 2 x 3 x 24 covariates, 7 weekdays, 3 holidays.
    EXPECT_EQ(regressors.size(), 96U + 144U + 7U + 3U);
    EXPECT_NEAR(regressors.closeness().norm(), 1, 1e-12);
}

TEST(DayRegressors, SharesOfThePenaltyFavourTheOwnHour) {
    const auto setup = price_setup(24, {});
    const DayRegressors regressors(setup);
    EXPECT_EQ(regressors.share(10, 10), setup.own_hour_share);   // yesterday, same hour
    EXPECT_EQ(regressors.share(10, 12), setup.near_hour_share);  // two hours away
    EXPECT_EQ(regressors.share(10, 13), 1);                      // three
    EXPECT_EQ(regressors.share(10, 23), setup.own_hour_share);   // the last known price
    EXPECT_EQ(regressors.share(10, 24 + 23), 1);                 // not the one before
    EXPECT_EQ(regressors.share(10, regressors.size() - 1), 1);   // calendar
}

struct Week {
    std::vector<DayFeatures> features;
    RecentDays recent{};
};

Week week_of(const DayAheadSetup& setup, const std::vector<Day>& days) {
    Week week;
    const auto scaling = Scaling::of(setup, days);
    for (const auto& day : days) {
        week.features.push_back(features_of(setup, scaling, day));
    }
    for (std::size_t lag = 0; lag <= longest_lag_days; ++lag) {
        week.recent[lag] = &week.features[days.size() - 1 - lag];
    }
    return week;
}

TEST(DayRegressors, ALoadRowHoldsLagsTemperaturesAndTheCalendar) {
    const auto setup = half_hourly_load();
    auto days = synthetic_days(8, 48, 400);
    for (auto& day : days) {
        day.covariates[0].assign(48, 21.0);  // 1 above 16, below 22
    }
    days[7].covariates[0][0] = 31;
    days[7].covariates[0][1] = 33;
    days[6].holiday = true;
    const auto week = week_of(setup, days);
    const DayRegressors regressors(setup);
    Eigen::VectorXd row(static_cast<Eigen::Index>(regressors.size()));
    regressors.fill(week.recent, row);
    ASSERT_EQ(regressors.size(), 72U + 96U + 8U + 7U + 3U + 4U);
    const double first_hour = (std::log(days[6].target[0]) + std::log(days[6].target[1])) / 2;
    EXPECT_NEAR(row[0], first_hour, 1e-12);
    EXPECT_NEAR(row[72], (32 - 16) / 5.0, 1e-12);       // the hour's mean
    EXPECT_NEAR(row[72 + 48], (32 - 22) / 5.0, 1e-12);  // cooling degrees
    EXPECT_NEAR(row[72 + 72], (32 - 30) / 5.0, 1e-12);
    EXPECT_EQ(row[72 + 24], 0);             // no heating
    EXPECT_NEAR(row[72 + 96], 1.0, 1e-12);  // yesterday's mean of (21 - 16) / 5
    const Eigen::Index calendar = 72 + 96 + 8;
    EXPECT_EQ(row.segment(calendar, 7).sum(), 1);
    EXPECT_EQ(row[calendar + 1], 1);  // 2024-01-08 is a Monday; Sunday stands first
    EXPECT_EQ(row[calendar + 7], 0);  // no holiday today,
    EXPECT_EQ(row[calendar + 8], 1);  // but yesterday
    EXPECT_TRUE(row.allFinite());
}

TEST(DayRegressors, WhatIsUnknownIsNaNInTheRowAndNeverZero) {
    const auto setup = price_setup(24, {{.name = "wind"}});
    auto days = synthetic_days(8, 24);
    days[7].covariates[0][5] = unknown;
    const auto week = week_of(setup, days);
    const DayRegressors regressors(setup);
    Eigen::VectorXd row(static_cast<Eigen::Index>(regressors.size()));
    regressors.fill(week.recent, row);
    EXPECT_TRUE(std::isnan(row[96 + 5]));
    EXPECT_EQ(row.array().isNaN().count(), 1);
}

}  // namespace
}  // namespace sitepower::forecast::features_test
