// Laws that every optimum obeys, whatever its numbers.
#include "core/dispatch/plan.hpp"

#include <cmath>

#include "core/dispatch/windows.hpp"
#include "tests/unit/core/dispatch/small_problem.hpp"

namespace sitepower::dispatch::plan_test {
namespace {

constexpr double tolerance = 1e-9;

Problem with_demand() {
    Problem problem = small_problem();
    problem.demand = DemandCharge{.price_per_kw = 1.5, .peak_so_far_kw = 40};
    return problem;
}

TEST(DispatchPlan, BuysCheapAndServesDear) {
    const Plan plan = plan_of(small_problem());
    ASSERT_EQ(plan.status, PlanStatus::optimal) << plan.reason;
    EXPECT_NEAR(plan.schedule.batteries[0].charge_kw[1], 30, tolerance);
    EXPECT_NEAR(plan.schedule.batteries[0].discharge_kw[5], 40, tolerance);
    EXPECT_LE(plan.certificate.relative_gap, 1e-12);
}

TEST(DispatchPlan, PricesTimesAFactorCostThatFactor) {
    for (const Problem& base : {small_problem(), with_demand()}) {
        Problem scaled = base;
        for (double& price : scaled.import_price_per_kwh) price *= 3;
        for (double& price : scaled.export_price_per_kwh) price *= 3;
        scaled.batteries[0].wear_per_kwh *= 3;
        scaled.batteries[0].terminal_value_per_kwh *= 3;
        if (scaled.demand) scaled.demand->price_per_kw *= 3;
        EXPECT_NEAR(cost_of(scaled), 3 * cost_of(base), tolerance * std::abs(cost_of(scaled)));
    }
}

TEST(DispatchPlan, WiderLimitsNeverCostMore) {
    const double base = cost_of(with_demand());
    const auto bent = [](auto bend) {
        Problem problem = with_demand();
        bend(problem);
        return cost_of(problem);
    };
    EXPECT_LE(bent([](Problem& p) { p.batteries[0].stored_max_kwh = 150; }), base + tolerance);
    EXPECT_LE(bent([](Problem& p) { p.batteries[0].charge_max_kw = 60; }), base + tolerance);
    EXPECT_LE(bent([](Problem& p) { p.batteries[0].discharge_max_kw = 80; }), base + tolerance);
    EXPECT_LE(bent([](Problem& p) { p.export_limit_kw = 200; }), base + tolerance);
    EXPECT_GE(bent([](Problem& p) { p.batteries[0].reserve_kwh.assign(8, 30); }), base - tolerance);
    EXPECT_GE(bent([](Problem& p) { p.batteries[0].reserve_kwh.assign(8, 45); }),
              bent([](Problem& p) { p.batteries[0].reserve_kwh.assign(8, 30); }) - tolerance);
}

TEST(DispatchPlan, TheTailOfAPlanIsThePlanOfTheTail) {
    const Problem whole = small_problem();
    const Plan plan = plan_of(whole);
    Problem tail = whole;
    for (auto* series : {&tail.import_price_per_kwh, &tail.export_price_per_kwh, &tail.load_kw}) {
        series->erase(series->begin());
    }
    tail.batteries[0].stored_kwh = plan.schedule.batteries[0].stored_kwh[0];
    const double first = whole.import_price_per_kwh[0] * plan.schedule.import_kw[0] -
                         whole.export_price_per_kwh[0] * plan.schedule.export_kw[0] +
                         0.01 * (0.95 * plan.schedule.batteries[0].charge_kw[0] +
                                 plan.schedule.batteries[0].discharge_kw[0] / 0.95);
    EXPECT_NEAR(first + cost_of(tail), plan.certificate.primal_cost, tolerance);
}

TEST(DispatchPlan, ThePeakIsAtLeastTheOneSoFarAndEveryImport) {
    const Plan plan = plan_of(with_demand());
    ASSERT_EQ(plan.status, PlanStatus::optimal) << plan.reason;
    for (const double import_kw : plan.schedule.import_kw)
        EXPECT_LE(import_kw, plan.schedule.peak_kw + tolerance);
    EXPECT_GE(plan.schedule.peak_kw, 40);
    EXPECT_LT(plan.schedule.peak_kw, 90) << "shaved";
}

TEST(DispatchPlan, ADearerPeakIsNeverHigher) {
    double before = INFINITY;
    for (const double price : {0.0, 0.1, 0.3, 1.0, 3.0, 10.0, 100.0}) {
        Problem problem = with_demand();
        problem.demand->price_per_kw = price;
        const Plan plan = plan_of(problem);
        ASSERT_EQ(plan.status, PlanStatus::optimal) << price << plan.reason;
        EXPECT_LE(plan.schedule.peak_kw, before + tolerance);
        before = plan.schedule.peak_kw;
    }
}

TEST(DispatchPlan, ThePeakMayBeForcedUpToWhatTheBatteryHolds) {
    Problem problem = with_demand();
    problem.demand->price_per_kw = 1000;
    problem.demand->peak_so_far_kw = 0;
    problem.batteries[0].stored_kwh = 10;
    const Plan plan = plan_of(problem);
    ASSERT_EQ(plan.status, PlanStatus::optimal) << plan.reason;
    EXPECT_LE(plan.certificate.relative_gap, 1e-11);
}

TEST(DispatchPlan, IsPaidToBurnNothingThatItCannotBurn) {
    Problem problem = small_problem();
    problem.batteries[0].wear_per_kwh = 0;
    problem.batteries[0].terminal_value_per_kwh = 0;
    for (const std::size_t t : {0, 1, 2, 3, 4, 5, 6})
        problem.import_price_per_kwh[t] = problem.export_price_per_kwh[t] = -0.5;
    const Plan plan = plan_of(problem);
    ASSERT_EQ(plan.status, PlanStatus::optimal) << plan.reason;
    EXPECT_EQ(plan.certificate.simultaneous_kw, 0);
    EXPECT_GT(plan.certificate.iterations, 1U) << "the relaxation alone would burn energy in its losses";
}

TEST(DispatchPlan, OneStepIsEnough) {
    Problem problem = small_problem();
    for (auto* series : {&problem.import_price_per_kwh, &problem.export_price_per_kwh, &problem.load_kw}) {
        series->resize(1);
    }
    EXPECT_EQ(plan_of(problem).status, PlanStatus::optimal);
    problem.demand = DemandCharge{.price_per_kw = 5};
    EXPECT_EQ(plan_of(problem).status, PlanStatus::optimal);
    problem.batteries.push_back(small_battery());
    EXPECT_EQ(plan_of(problem).status, PlanStatus::optimal);
}

TEST(DispatchPlan, ABatteryWithoutAWindowStandsStill) {
    Problem problem = small_problem();
    problem.batteries[0].stored_min_kwh = problem.batteries[0].stored_max_kwh = 50;
    const Plan plan = plan_of(problem);
    ASSERT_EQ(plan.status, PlanStatus::optimal) << plan.reason;
    for (const double charge : plan.schedule.batteries[0].charge_kw) EXPECT_NEAR(charge, 0, tolerance);
    problem.batteries.push_back(small_battery());
    EXPECT_EQ(plan_of(problem).status, PlanStatus::optimal);
}

TEST(DispatchPlan, LosslessAndWornOutOfNothingTies) {
    Problem problem = small_problem();
    problem.batteries[0].charge_efficiency = problem.batteries[0].discharge_efficiency = 1;
    problem.batteries[0].wear_per_kwh = 0;
    problem.import_price_per_kwh.assign(8, 0.2);
    problem.export_price_per_kwh.assign(8, 0.2);
    problem.batteries[0].terminal_value_per_kwh = 0.2;
    const Plan plan = plan_of(problem);
    ASSERT_EQ(plan.status, PlanStatus::optimal) << plan.reason;
    EXPECT_NEAR(plan.certificate.primal_cost, 0.2 * 555 - 0.2 * 50, tolerance);
    // The same constant on both prices moves the cost by what the fixed net energy costs.
    problem.batteries[0].terminal_min_kwh = 50;
    problem.batteries[0].terminal_value_per_kwh = 0;
    const double before = cost_of(problem);
    for (double& price : problem.import_price_per_kwh) price += 0.03;
    for (double& price : problem.export_price_per_kwh) price += 0.03;
    EXPECT_NEAR(cost_of(problem), before + 0.03 * 555, tolerance);
}

TEST(DispatchPlan, SelfDischargeIsPaidFor) {
    Problem problem = small_problem();
    const double without = cost_of(problem);
    problem.batteries[0].self_discharge_per_h = 0.01;
    const Plan plan = plan_of(problem);
    ASSERT_EQ(plan.status, PlanStatus::optimal) << plan.reason;
    EXPECT_GT(plan.certificate.primal_cost, without);
}

TEST(DispatchPlan, AMeasuredEnergyBelowTheWindowComesBackAsFastAsItCan) {
    Problem problem = small_problem();
    problem.batteries[0].stored_kwh = 2;
    problem.batteries[0].charge_max_kw = 4;
    const Plan plan = plan_of(problem);
    ASSERT_EQ(plan.status, PlanStatus::optimal) << plan.reason;
    EXPECT_NEAR(plan.schedule.batteries[0].charge_kw[0], 4, tolerance);
    EXPECT_NEAR(plan.schedule.batteries[0].charge_kw[1], 4, tolerance);
    EXPECT_GE(plan.schedule.batteries[0].stored_kwh[2], 10 - tolerance);
}

TEST(DispatchPlan, AMeasuredEnergyAboveTheWindowComesDownAndIsNotCharged) {
    Problem problem = small_problem();
    problem.batteries[0].stored_kwh = 160;
    problem.batteries[0].discharge_max_kw = 19;
    const Plan plan = plan_of(problem);
    ASSERT_EQ(plan.status, PlanStatus::optimal) << plan.reason;
    for (const std::size_t t : {0, 1, 2}) {
        EXPECT_NEAR(plan.schedule.batteries[0].discharge_kw[t], 19, tolerance);
    }
    EXPECT_LE(plan.schedule.batteries[0].stored_kwh[2], 100 + tolerance);
}

TEST(DispatchPlan, OrderOfBatteriesChangesNothing) {
    Problem problem = with_demand();
    Battery second = small_battery();
    second.charge_max_kw = 10;
    second.wear_per_kwh = 0.03;
    problem.batteries.push_back(second);
    const Plan one = plan_of(problem);
    std::swap(problem.batteries[0], problem.batteries[1]);
    const Plan other = plan_of(problem);
    ASSERT_EQ(one.status, PlanStatus::optimal) << one.reason;
    ASSERT_EQ(other.status, PlanStatus::optimal) << other.reason;
    EXPECT_NEAR(one.certificate.primal_cost, other.certificate.primal_cost,
                2e-8 * one.certificate.primal_cost);
}

TEST(DispatchPlan, TwoHalvesCostWhatTheWholeCosts) {
    Problem halves = with_demand();
    Battery half = small_battery();
    half.stored_kwh /= 2;
    half.stored_min_kwh /= 2;
    half.stored_max_kwh /= 2;
    half.charge_max_kw /= 2;
    half.discharge_max_kw /= 2;
    halves.batteries = {half, half};
    EXPECT_NEAR(cost_of(halves), cost_of(with_demand()), 2e-8 * cost_of(halves));
}

TEST(DispatchPlan, RiskCostsLieBetweenTheMeanAndTheWorst) {
    Problem problem = small_problem();
    problem.risk = PriceRisk{.level = 0.8, .aversion = 0.5};
    for (const double factor : {0.5, 0.8, 1.0, 1.3, 2.5}) {
        problem.risk->import_price_per_kwh.push_back(problem.import_price_per_kwh);
        for (double& price : problem.risk->import_price_per_kwh.back()) price *= factor;
        problem.risk->export_price_per_kwh.push_back(problem.risk->import_price_per_kwh.back());
        for (double& price : problem.risk->export_price_per_kwh.back()) price = 0.8 * price - 0.01;
    }
    const Plan plan = plan_of(problem);
    ASSERT_EQ(plan.status, PlanStatus::optimal) << plan.reason << plan.certificate.relative_gap;
    double before = -INFINITY;
    for (const double aversion : {0.0, 0.25, 0.5, 1.0}) {
        problem.risk->aversion = aversion;
        EXPECT_GE(cost_of(problem), before - 1e-7) << "fear never makes it cheaper";
        before = cost_of(problem);
    }
}

}  // namespace
}  // namespace sitepower::dispatch::plan_test
