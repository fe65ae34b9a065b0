#include "core/dispatch/planning/outlook.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sitepower::dispatch::outlook_test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

BatteryLimits limits() {
    return {.id = "B", .capacity_kwh = 100, .charge_max_kw = 50, .discharge_max_kw = 50};
}

Outlook outlook_of(std::vector<double> prices, double load_kw, Duration step = 1h) {
    Outlook outlook;
    outlook.step = step;
    for (const double price : prices) {
        outlook.import_price.push_back({price, price + 0.1});
        outlook.export_price.push_back({price, price});
        outlook.load_p50_kw.push_back(load_kw);
        outlook.load_p90_kw.push_back(load_kw * 1.2);
    }
    return outlook;
}

const SiteLimits site{.import_limit_kw = 1000};

TEST(MakeProblem, TakesUnitsToTheProblem) {
    const auto problem = make_problem(site, {limits()}, outlook_of({0.1, 0.3}, 40, 15min),
                                      {{.charge_pct = 50, .capacity_kwh = 90}});
    EXPECT_EQ(problem.step_h, 0.25);
    EXPECT_EQ(problem.batteries[0].stored_kwh, 45);
    EXPECT_EQ(problem.batteries[0].stored_min_kwh, 9);
    EXPECT_EQ(problem.batteries[0].stored_max_kwh, 90);
    EXPECT_TRUE(problem.batteries[0].reserve_kwh.empty());
    EXPECT_FALSE(problem.demand);
    EXPECT_DOUBLE_EQ(problem.batteries[0].terminal_value_per_kwh, 0.96 * 0.2);
}

TEST(MakeProblem, CautionPlansForDearerPricesAndMoreLoadAndNoBetterSales) {
    SiteLimits cautious = site;
    cautious.risk_aversion = 0.5;
    const auto problem = make_problem(cautious, {limits()}, outlook_of({0.1}, 40), {{50, 100, {}}});
    EXPECT_DOUBLE_EQ(problem.import_price_per_kwh[0], 0.15);
    EXPECT_DOUBLE_EQ(problem.export_price_per_kwh[0], 0.1);
    EXPECT_DOUBLE_EQ(problem.load_kw[0], 44);
    auto dear_sales = outlook_of({0.1}, 40);
    dear_sales.export_price[0] = {5, 5};
    EXPECT_DOUBLE_EQ(make_problem(site, {limits()}, dear_sales, {{50, 100, {}}}).export_price_per_kwh[0],
                     0.1);
}

TEST(MakeProblem, ValueAtRiskLeavesPricesAloneAndSellsForNoMoreThanItBuys) {
    SiteLimits fearful = site;
    fearful.risk_aversion = 0.5;
    fearful.cvar_level = 0.9;
    auto outlook = outlook_of({0.1}, 40);
    EXPECT_FALSE(make_problem(fearful, {limits()}, outlook, {{50, 100, {}}}).risk) << "no scenarios";
    outlook.price_scenarios = {{{0.1}, {0.3}}, {{0.2}, {0.05}}};
    const auto problem = make_problem(fearful, {limits()}, outlook, {{50, 100, {}}});
    EXPECT_DOUBLE_EQ(problem.import_price_per_kwh[0], 0.1);
    EXPECT_DOUBLE_EQ(problem.load_kw[0], 44);
    ASSERT_TRUE(problem.risk);
    EXPECT_EQ(problem.risk->level, 0.9);
    EXPECT_EQ(problem.risk->export_price_per_kwh, (std::vector<std::vector<double>>{{0.1}, {0.05}}));
    fearful.risk_aversion = 0;
    EXPECT_FALSE(make_problem(fearful, {limits()}, outlook, {{50, 100, {}}}).risk);
}

TEST(MakeProblem, TheReserveCarriesTheLargestCriticalLoadOfTheAutonomyBehindIt) {
    auto battery = limits();
    battery.required_autonomy_min = 90;
    battery.discharge_efficiency = 0.9;
    const auto problem =
        make_problem(site, {battery}, outlook_of({0.1, 0.1, 0.1, 0.1}, 40), {{50, 100, {10, 20, 30, 12}}});
    const auto& reserve = problem.batteries[0].reserve_kwh;
    ASSERT_EQ(reserve.size(), 4U);
    EXPECT_DOUBLE_EQ(reserve[0], 1.5 * 30 / 0.9) << "steps 1 and 2";
    EXPECT_DOUBLE_EQ(reserve[1], 1.5 * 30 / 0.9);
    EXPECT_DOUBLE_EQ(reserve[2], 1.5 * 12 / 0.9);
    EXPECT_DOUBLE_EQ(reserve[3], 1.5 * 12 / 0.9) << "the last step stands for what follows";
    EXPECT_DOUBLE_EQ(
        make_problem(site, {battery}, outlook_of({0.1}, 40), {{50, 100, {900}}}).batteries[0].reserve_kwh[0],
        1.5 * 900 / 0.9)
        << "also what it cannot hold: the plan says so";
}

TEST(MakeProblem, BillsThePeakOnlyWhereItIsCharged) {
    auto charged = site;
    charged.demand_price_per_kw = 5;
    auto outlook = outlook_of({0.1, 0.1}, 40);
    outlook.peak_so_far_kw = 77;
    outlook.in_demand_window = {0, 1};
    const auto problem = make_problem(charged, {limits()}, outlook, {{50, 100, {}}});
    ASSERT_TRUE(problem.demand);
    EXPECT_EQ(problem.demand->peak_so_far_kw, 77);
    EXPECT_FALSE(problem.in_demand_window(0));
    EXPECT_TRUE(problem.in_demand_window(1));
}

std::vector<std::string> reasons(const Problem& problem) {
    const auto plan = make_plan(problem);
    EXPECT_TRUE(plan);
    return plan ? reasons_of(problem, *plan, 0) : std::vector<std::string>{};
}

TEST(Reasons, SayWhatEachStepIsFor) {
    auto battery = limits();
    battery.required_autonomy_min = 60;
    auto problem = make_problem(site, {battery}, outlook_of({0.05, 0.20, 0.60, 0.20, 0.05}, 40),
                                {{20, 100, {10, 10, 10, 10, 10}}});
    const auto said = reasons(problem);
    ASSERT_EQ(said.size(), 5U);
    EXPECT_THAT(said[0], HasSubstr("charges at 50.0/MWh: a stored kWh is worth"));
    EXPECT_THAT(said[2], HasSubstr("discharges at 600.0/MWh"));
    for (const auto& text : said) EXPECT_FALSE(text.empty());
}

TEST(Reasons, NameTheLimitThatMovesTheBattery) {
    auto tight = site;
    tight.import_limit_kw = 30;
    const auto contract =
        reasons(make_problem(tight, {limits()}, outlook_of({0.1, 0.1}, 40), {{50, 100, {}}}));
    EXPECT_THAT(contract[0], HasSubstr("contract of 30.0 kW"));
    auto charged = site;
    charged.demand_price_per_kw = 50;
    auto peaky = outlook_of({0.1, 0.1, 0.1}, 40);
    peaky.load_p50_kw = {40, 60, 40};
    const auto peak = reasons(make_problem(charged, {limits()}, peaky, {{50, 100, {}}}));
    EXPECT_THAT(peak[1], HasSubstr("holds the billed peak at"));
    auto sunny = outlook_of({0.1, 0.1}, 10);
    sunny.pv_kw = {50, 0};
    EXPECT_THAT(reasons(make_problem(site, {limits()}, sunny, {{50, 100, {}}}))[0],
                HasSubstr("stores surplus generation"));
}

TEST(Reasons, SayWhatIsMissingToTheReserve) {
    auto battery = limits();
    battery.required_autonomy_min = 60;
    battery.charge_max_kw = 10;
    const auto said =
        reasons(make_problem(site, {battery}, outlook_of({0.1, 0.1}, 40), {{20, 100, {80, 80}}}));
    EXPECT_THAT(said[0], HasSubstr("below the reserve by"));
    EXPECT_THAT(said[0], HasSubstr("charges back"));
}

TEST(Reasons, OfABatteryWithoutScheduleAreNone) {
    const Problem problem;
    EXPECT_TRUE(reasons_of(problem, Plan{}, 0).empty());
}

}  // namespace
}  // namespace sitepower::dispatch::outlook_test
