#include "daemon/lab/forecast/day_ahead_run.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "daemon/lab/forecast/score_load.hpp"
#include "daemon/lab/forecast/score_price.hpp"
#include "tests/unit/core/forecast/day_ahead/synthetic_days.hpp"

namespace sitepower::lab::day_ahead_run_test {
namespace {

forecast::DayAheadSetup quick_setup() {
    auto setup = forecast::price_setup(6, {{.name = "wind"}});
    setup.least_days = 21;
    setup.windows = {{.days = 60, .penalties = {1}}};
    setup.kernels = {};
    return setup;
}

TEST(DayAheadRun, EachDayIsForecastFromTheDaysBefore) {
    const auto days = forecast::synthetic_days(200, 6);
    const auto run = run_day_ahead(quick_setup(), days, 100, Report(ReportForm::json_lines));
    ASSERT_TRUE(run);
    ASSERT_EQ(run->dates.size(), 100U);
    EXPECT_EQ(run->dates.front(), days[100].date);
    EXPECT_EQ(run->actual[0], days[100].target[0]);
    EXPECT_EQ(run->naive_day[0], days[99].target[0]);
    EXPECT_EQ(run->naive_week[0], days[93].target[0]);
    // The future must not show: with other days behind it, a forecast stays the same.
    auto changed = days;
    for (std::size_t i = 150; i < changed.size(); ++i) {
        for (double& value : changed[i].target) {
            value += 1000;
        }
    }
    const auto other = run_day_ahead(quick_setup(), changed, 100, Report(ReportForm::json_lines));
    ASSERT_TRUE(other);
    for (std::size_t i = 0; i <= 50 * 6 + 5; ++i) {
        ASSERT_EQ(run->p50[i], other->p50[i]);
    }
    EXPECT_NE(run->p50[51 * 6], other->p50[51 * 6]);
}

TEST(DayAheadRun, TooFewDaysBeforeTheFirstAreAnError) {
    const auto days = forecast::synthetic_days(60, 6);
    EXPECT_FALSE(run_day_ahead(quick_setup(), days, 10, Report(ReportForm::json_lines)));
}

TEST(DayAheadRun, TheWorstCoverageIsThatOfTheWorstWindow) {
    DayAheadRun run;
    run.slots = 1;
    for (int day = 0; day < 200; ++day) {
        run.dates.push_back(forecast::first_date + std::chrono::days{day});
        run.milliseconds.push_back(1);
        const bool missed = day >= 100 && day < 112;
        for (auto values : {&DayAheadRun::p50, &DayAheadRun::p90, &DayAheadRun::p99, &DayAheadRun::naive_day,
                            &DayAheadRun::naive_week}) {
            (run.*values).push_back(0);
        }
        run.actual.push_back(missed ? 9 : 0);
        run.lower95.push_back(-1);
        run.upper95.push_back(1);
    }
    EXPECT_NEAR(worst_coverage_pct(run), 80, 1e-9);
    EXPECT_TRUE(std::isnan(worst_coverage_pct(run, 201)));
}

TEST(DayAheadRun, CanBeCutByYears) {
    DayAheadRun run;
    run.slots = 2;
    for (int day = 0; day < 400; ++day) {
        run.dates.push_back(forecast::first_date + std::chrono::days{day});
        run.milliseconds.push_back(1);
        for (auto values : {&DayAheadRun::actual, &DayAheadRun::p50, &DayAheadRun::p90, &DayAheadRun::p99,
                            &DayAheadRun::lower95, &DayAheadRun::upper95, &DayAheadRun::naive_day,
                            &DayAheadRun::naive_week}) {
            (run.*values).insert((run.*values).end(), {day * 1.0, day + 0.5});
        }
    }
    const auto years = years_of(run);
    ASSERT_EQ(years.size(), 2U);
    const auto second = year_of(run, years[1]);
    EXPECT_EQ(second.dates.size(), 400U - 366U);
    EXPECT_EQ(second.actual.front(), 366.0);
    EXPECT_EQ(second.p99.back(), 399.5);
}

TEST(ScorePrice, WhatCannotBeReadIsAFigureThatHoldsNoGoal) {
    Report report(ReportForm::json_lines);
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    score_price({"no/such/price.csv"}, report);
    score_load({"no/such/load.csv"}, report);
    EXPECT_NE(testing::internal::GetCapturedStderr().find("no/such/price.csv"), std::string::npos);
    testing::internal::GetCapturedStdout();
    EXPECT_EQ(report.failed(), 2U);
}

}  // namespace
}  // namespace sitepower::lab::day_ahead_run_test
