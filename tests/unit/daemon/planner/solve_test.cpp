// From what is known to a plan, on the small site.
#include "daemon/planner/solve.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/unit/daemon/planner/making.hpp"

namespace sitepower::solve_test {
namespace {

using namespace std::chrono_literals;
using dispatch::PlanStatus;
using testing::HasSubstr;

constexpr Time noon = from_ms(1'795'348'800'000);  // 2026-11-22, a Sunday

class Solve : public testing::Test {
  protected:
    Solve() {
        std::vector<PriceStep> steps;
        // A day back and twelve hours ahead; cheap in the first six hours of each half day.
        for (int i = -24; i < 12; ++i)
            steps.push_back({noon + i * 1h, noon + (i + 1) * 1h, (i + 24) % 12 < 6 ? 0.05 : 0.35});
        known_.settings = settings_;
        known_.now = noon + 20min;
        known_.import_price.merge(steps);
        known_.load_kw = 40;
        known_.batteries = {{.charge_pct = 50, .health_pct = 90, .critical_load_kw = 20}};
    }
    PlanReport made() {
        auto report = make_report(known_, history_, past_);
        EXPECT_TRUE(report) << report.error().message;
        return report ? std::move(*report) : PlanReport{};
    }
    std::string refusal() {
        const auto report = make_report(known_, history_, past_);
        EXPECT_FALSE(report);
        return report ? "" : report.error().message;
    }

    std::shared_ptr<DispatchSettings> settings_ = small_site();
    LoadHistory history_;
    PastPower past_;
    PlanSnapshot known_;
};

TEST_F(Solve, MakesAProvenPlanWithAReasonPerStep) {
    const auto report = made();
    EXPECT_EQ(report.start, noon);
    EXPECT_EQ(report.valid_until(), noon + 3h);
    EXPECT_EQ(report.plan.status, PlanStatus::optimal);
    EXPECT_TRUE(report.constraints_satisfied());
    ASSERT_EQ(report.problem.steps(), 24U);
    EXPECT_NEAR(report.plan.schedule.batteries[0].stored_kwh[0], 45 + 2.0 / 3 * 0.96 * 30, 1e-6)
        << "of the capacity that is left, and in the forty minutes that are left of the step";
    EXPECT_EQ(report.reasons.at(0).size(), 24U);
    EXPECT_GT(report.plan.schedule.batteries[0].charge_kw[0], 0) << "cheap now";
    EXPECT_TRUE(report.price_known[11]);
    EXPECT_FALSE(report.price_known[12]);
    EXPECT_DOUBLE_EQ(report.problem.import_price_per_kwh[12], 0.05) << "as on the day before";
}

TEST_F(Solve, KeepsTheReserveOfTheCriticalLoad) {
    auto& battery = settings_->batteries[0];
    battery.critical_load = settings_->load;
    battery.limits.required_autonomy_min = 30;
    const auto report = made();
    const auto& stored = report.plan.schedule.batteries[0].stored_kwh;
    for (const double kwh : stored) EXPECT_GE(kwh, 0.5 * 40 / 0.96 - 1e-6);
    battery.limits.required_autonomy_min = 240;
    known_.batteries[0].charge_pct = 20;
    const auto short_of = made();
    EXPECT_EQ(short_of.plan.status, PlanStatus::relaxed);
    EXPECT_GT(short_of.plan.shortfall.worst_reserve_kwh, 0);
}

// Since this noon it draws twice as much as on any day of the weeks before.
TEST_F(Solve, TheReserveIsNeverBelowWhatIsDrawnNow) {
    auto& battery = settings_->batteries[0];
    battery.critical_load = settings_->load;
    battery.limits.required_autonomy_min = 30;
    known_.batteries[0].critical_load_kw = 80;
    const auto reserve = made().problem.batteries[0].reserve_kwh;
    EXPECT_NEAR(reserve[0], 0.5 * 80 / 0.96, 1e-9);
    EXPECT_NEAR(reserve[2], 0.5 * 80 / 0.96, 1e-9);
    EXPECT_LT(reserve[5], 0.5 * 50 / 0.96) << "by then by its own rule";
}

TEST_F(Solve, WhatNoFullBatteryHoldsIsShort) {
    auto& battery = settings_->batteries[0];
    battery.critical_load = settings_->load;
    battery.limits.required_autonomy_min = 240;
    const auto report = made();
    EXPECT_EQ(report.plan.status, PlanStatus::relaxed);
    EXPECT_GT(report.plan.shortfall.worst_reserve_kwh, 4 * 40 / 0.96 - 90 - 1e-6);
    EXPECT_FALSE(report.plan.shortfall.recovered_at_step);
}

TEST_F(Solve, BillsTheHighestQuarterOfTheMonthByTheLocalCalendar) {
    settings_->site.demand_price_per_kw = 10;
    history_.load = [](Time time) {
        if (time == noon - 3 * 24h) return 90.0;
        // In October by any clock.
        return time == noon - 30 * 24h ? 500.0 : 40.0;
    };
    EXPECT_EQ(made().problem.demand.value().peak_so_far_kw, 90);
    settings_->demand_window.weekdays[6] = true;  // Saturdays only
    const auto saturdays = made();
    EXPECT_EQ(saturdays.problem.demand->peak_so_far_kw, 40);
    EXPECT_FALSE(saturdays.problem.in_demand_window(0));
}

// A battery that discharged in the load's highest quarter has spared it, and one that charges makes its own.
TEST_F(Solve, WhatBatteriesDoCountsInTheBilledPeak) {
    settings_->site.demand_price_per_kw = 10;
    history_.load = [](Time time) { return time == noon - 3 * 24h ? 90.0 : 40.0; };
    settings_->batteries[0].power = {.points = {PointRef{DeviceIndex{1}, 0}}, .names = {"inv-1/power_kw"}};
    history_.others["inv-1"] = [](Time time) -> std::optional<double> {
        if (time == noon - 3 * 24h) return -30;
        if (time == noon - 2 * 24h) return 25;
        return time < noon - 24h ? std::optional(0.0) : std::nullopt;
    };
    EXPECT_EQ(made().problem.demand.value().peak_so_far_kw, 65);
    settings_->import = {.points = {PointRef{DeviceIndex{2}, 0}}, .names = {"mtr-1/power_kw"}};
    history_.others["mtr-1"] = [](Time) { return 61.0; };
    EXPECT_EQ(made().problem.demand.value().peak_so_far_kw, 61) << "a meter knows best";
}

TEST_F(Solve, AQuarterWithoutItsGenerationIsNotBilled) {
    settings_->site.demand_price_per_kw = 10;
    settings_->pv = {.points = {PointRef{DeviceIndex{1}, 0}}, .names = {"pv-1/power_kw"}};
    known_.pv_kw = 20;
    history_.load = [](Time time) { return time == noon - 3 * 24h ? 90.0 : 40.0; };
    history_.others["pv-1"] = [](Time time) -> std::optional<double> {
        return time == noon - 3 * 24h ? std::nullopt : std::optional(20.0);
    };
    EXPECT_EQ(made().problem.demand.value().peak_so_far_kw, 20);
}

TEST_F(Solve, WhatIsMeasuredThisMomentIsNoBilledQuarter) {
    settings_->site.demand_price_per_kw = 10;
    known_.load_kw = 95;
    EXPECT_EQ(made().problem.demand.value().peak_so_far_kw, 40);
}

TEST_F(Solve, SellsAtItsOwnPriceOrForNothing) {
    EXPECT_EQ(made().problem.export_price_per_kwh[0], 0);
    settings_->export_price = "feed_in";
    known_.export_price.emplace();
    EXPECT_THAT(refusal(), HasSubstr("feed_in holds no price"));
    const PriceStep all{noon - 24h, noon + 48h, 0.02};
    known_.export_price->merge({&all, 1});
    EXPECT_EQ(made().problem.export_price_per_kwh[0], 0.02);
}

TEST_F(Solve, SaysWhatIsMissing) {
    history_.begins_at = noon + 48h;
    known_.load_kw.reset();
    known_.load_gap = "ups-1/load_kw was not read yet";
    EXPECT_EQ(refusal(),
              "the load is not known: of the last two days no whole quarter of an hour is stored, "
              "and ups-1/load_kw was not read yet");
    known_.load_kw = 40;
    EXPECT_THAT(made().load_method, HasSubstr("last hour goes on")) << "a new site plans with what it sees";
    known_.import_price = {};
    EXPECT_THAT(refusal(), HasSubstr("energy_price holds no price"));
    history_.failure = Error{ErrorCode::service_unavailable, "database: locked", ""};
    EXPECT_THAT(refusal(), HasSubstr("energy_price"));
}

TEST_F(Solve, PlansWithForecastsOfSeriesWhileTheyAreFreshAndCalibrated) {
    settings_->load_series = "site-load";
    settings_->price_series = "spot";
    SeriesForecast forecast{.series = "site-load",
                            .issued_at = noon,
                            .model_version = 3,
                            .step = 1h,
                            .calibrated = true,
                            .steps = {}};
    for (int h = 0; h < 48; ++h)
        forecast.steps.push_back({.valid_at = noon + h * 1h, .p50 = 60.0 + h, .p90 = 65.0 + h});
    const auto use = [&](const SeriesForecast& changed) {
        known_.load_forecast = std::make_shared<const SeriesForecast>(changed);
    };
    use(forecast);
    auto prices = forecast;
    prices.series = "spot";
    prices.steps.resize(20);
    for (auto& step : prices.steps) step = {.valid_at = step.valid_at, .p50 = 200, .p90 = 150};
    known_.price_forecast = std::make_shared<const SeriesForecast>(prices);
    const auto plan = made();
    EXPECT_THAT(plan.load_method, HasSubstr("series site-load, model 3"));
    for (std::size_t t = 0; t < 24; ++t)
        EXPECT_DOUBLE_EQ(plan.problem.load_kw[t], 60.0 + static_cast<double>(t)) << t;
    EXPECT_THAT(plan.price_method, HasSubstr("beyond that the forecast of series spot"));
    EXPECT_THAT(plan.price_method, HasSubstr("ends before the plan"));
    EXPECT_DOUBLE_EQ(plan.problem.import_price_per_kwh[11], 0.35) << "published";
    EXPECT_DOUBLE_EQ(plan.problem.import_price_per_kwh[12], 0.2);
    EXPECT_DOUBLE_EQ(plan.problem.import_price_per_kwh[20], 0.35) << "as on the day before";

    const auto refused = [&](SeriesForecast changed, const char* why) {
        use(changed);
        EXPECT_THAT(made().load_method, HasSubstr(why));
        EXPECT_DOUBLE_EQ(made().problem.load_kw[5], 40) << "as measured";
    };
    auto old = forecast;
    old.issued_at = noon - 2h;
    refused(old, "is of 2026-11-22T10:00:00");
    auto blind = forecast;
    blind.calibrated = false;
    refused(blind, "not calibrated yet");
    auto brief = forecast;
    brief.steps.resize(23);
    refused(brief, "ends before the plan");
    known_.load_forecast = nullptr;
    EXPECT_THAT(made().load_method, HasSubstr("site-load is not forecast yet"));
    settings_->load_series.clear();
    EXPECT_THAT(made().load_method, HasSubstr("no series is declared of it"));
}

TEST_F(Solve, APlanThatCannotBeIsAnAnswerWithItsReason) {
    settings_->site.breaker_limit_kw = 5;
    settings_->site.import_limit_kw = 5;
    const auto report = made();
    EXPECT_EQ(report.plan.status, PlanStatus::failed);
    EXPECT_FALSE(report.plan.reason.empty());
    EXPECT_NO_THROW(static_cast<void>(describe_plan_briefly(report)));
}

TEST_F(Solve, CautionWidensOnlyPricesThatAreNotPublished) {
    settings_->site.risk_aversion = 1;
    std::vector<PriceStep> days;
    for (int day = 2; day <= 7; ++day)
        days.push_back({noon - day * 24h, noon - (day - 1) * 24h, day == 5 ? 0.9 : 0.1});
    known_.import_price.merge(days);
    const auto report = made();
    EXPECT_DOUBLE_EQ(report.problem.import_price_per_kwh[3], 0.05);
    EXPECT_GT(report.problem.import_price_per_kwh[12], 0.05);
}

// Cheap nights, but one day in three prices turn out ten times as high: who fears that stores beforehand.
TEST_F(Solve, ConditionalValueAtRiskGuardsAgainstTheCoursesOfEarlierDays) {
    settings_->site.cvar_level = 0.8;
    std::vector<PriceStep> days;
    for (int day = 2; day <= 30; ++day)
        days.push_back({noon - day * 24h, noon - (day - 1) * 24h, day % 3 == 0 ? 1.5 : 0.1});
    known_.import_price.merge(days);
    EXPECT_FALSE(made().problem.risk) << "nothing is feared";
    settings_->site.risk_aversion = 0.7;
    const auto report = made();
    ASSERT_TRUE(report.problem.risk);
    const auto& risk = *report.problem.risk;
    EXPECT_EQ(risk.aversion, 0.7);
    ASSERT_EQ(risk.import_price_per_kwh.size(), 21U);
    double sum = 0;
    for (const auto& prices : risk.import_price_per_kwh) {
        EXPECT_DOUBLE_EQ(prices[5], 0.05) << "published";
        sum += prices[12];
    }
    EXPECT_NEAR(sum / 21, report.problem.import_price_per_kwh[12], 1e-12) << "centred on what is expected";
    EXPECT_EQ(report.problem.import_price_per_kwh[12], 0.05) << "not shifted";
    for (std::size_t t = 12; t < 24; ++t)
        EXPECT_LE(risk.export_price_per_kwh[3][t], 0) << "what is sold earns nothing";
    EXPECT_EQ(report.plan.status, PlanStatus::optimal) << report.plan.reason;
    EXPECT_THAT(report.price_method, HasSubstr("CVaR of the dearest 20 % by the courses of 21 earlier days"));
    settings_->site.risk_aversion = 0;
    const auto& calm = made().plan.schedule.batteries[0];
    EXPECT_GT(report.plan.schedule.batteries[0].stored_kwh[11], calm.stored_kwh[11] + 1);
}

TEST_F(Solve, CoursesOfSalesComeFromTheirOwnPriceAndTooFewDaysAreSaid) {
    settings_->site.cvar_level = 0.8;
    settings_->site.risk_aversion = 1;
    settings_->export_price = "feed_in";
    EXPECT_THAT(made().price_method, HasSubstr("no CVaR: of the days before the length of the plan 1"));
    std::vector<PriceStep> bought, sold;
    for (int day = 1; day <= 8; ++day) {
        bought.push_back({noon - day * 24h, noon - (day - 1) * 24h, day % 2 == 0 ? 0.4 : 0.2});
        sold.push_back({noon - day * 24h, noon - (day - 1) * 24h, day % 2 == 0 ? 0.1 : 0.06});
    }
    known_.import_price.merge(bought);
    known_.export_price.emplace().merge(sold);
    const auto risk = made().problem.risk.value();
    ASSERT_EQ(risk.export_price_per_kwh.size(), 8U);
    EXPECT_NEAR(risk.export_price_per_kwh[0][20] - risk.export_price_per_kwh[1][20], -0.04, 1e-12);
    EXPECT_NEAR(risk.import_price_per_kwh[0][20] - risk.import_price_per_kwh[1][20], -0.2, 1e-12);
}

TEST_F(Solve, FollowsThePlannedChargeBetweenSteps) {
    const auto report = made();
    EXPECT_DOUBLE_EQ(report.planned_charge_pct(0, report.made), 50);
    const double after = report.plan.schedule.batteries[0].stored_kwh[0] / 0.9;
    EXPECT_NEAR(report.planned_charge_pct(0, noon + 1h), after, 1e-9);
    const double half_way = report.planned_charge_pct(0, report.made + 20min);
    EXPECT_NEAR(half_way, (50 + after) / 2, 1e-9);
    EXPECT_EQ(report.step_at(noon - 1h), 0U);
    EXPECT_EQ(report.step_at(noon + 90min), 1U);
    EXPECT_EQ(report.step_at(noon + 90h), 23U);
}

TEST_F(Solve, ThePlanIsToldWholeWithItsProof) {
    const auto json = describe_plan(made(), "", noon + 1h);
    EXPECT_EQ(json["status"], "optimal");
    EXPECT_EQ(json["steps"].size(), 24U);
    EXPECT_EQ(json["steps"][0]["batteries"][0]["battery"], "LIB-01");
    EXPECT_NEAR(json["steps"][0]["import_price_per_mwh"].get<double>(), 50, 1e-9);
    EXPECT_LE(json["certificate"]["gap"].get<double>(), dispatch::optimal_gap);
    EXPECT_EQ(json["is_valid"], true);
    EXPECT_EQ(json["steps_with_assumed_price"], 12);
    EXPECT_EQ(describe_plan(made(), "no price", noon + 3h)["is_valid"], false);
}

}  // namespace
}  // namespace sitepower::solve_test
