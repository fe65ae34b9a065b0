#include "core/dispatch/relaxation.hpp"

#include "tests/unit/core/dispatch/small_problem.hpp"

namespace sitepower::dispatch::relaxation_test {
namespace {

Problem with_reserve(double reserve_kwh, double charge_max_kw) {
    Problem problem = small_problem();
    problem.batteries[0].charge_max_kw = charge_max_kw;
    problem.batteries[0].charge_efficiency = 1;
    problem.batteries[0].reserve_kwh.assign(8, reserve_kwh);
    return problem;
}

TEST(DispatchRelaxation, AReserveOutOfReachIsReachedAsFastAsPossible) {
    const Plan plan = plan_of(with_reserve(80, 10));
    ASSERT_EQ(plan.status, PlanStatus::relaxed) << plan.reason;
    EXPECT_NEAR(plan.shortfall.reserve_kwh_h, 20 + 10, 1e-9);
    EXPECT_NEAR(plan.shortfall.worst_reserve_kwh, 20, 1e-9);
    EXPECT_EQ(plan.shortfall.first_step, 0U);
    EXPECT_EQ(plan.shortfall.recovered_at_step, 2U);
    EXPECT_NEAR(plan.shortfall.import_excess_kwh, 0, 1e-9);
    EXPECT_THAT(plan.reason, testing::HasSubstr("reserve"));
}

TEST(DispatchRelaxation, TheReserveIsNotTradedForMoneyHoweverDear) {
    Problem problem = with_reserve(80, 10);
    for (const std::size_t t : {0, 1}) problem.import_price_per_kwh[t] = 1e6;
    const Plan plan = plan_of(problem);
    ASSERT_EQ(plan.status, PlanStatus::relaxed);
    EXPECT_NEAR(plan.shortfall.reserve_kwh_h, 30, 1e-9);
}

TEST(DispatchRelaxation, AReserveThatCanBeKeptIsNoReasonToRelax) {
    EXPECT_EQ(plan_of(with_reserve(59, 10)).status, PlanStatus::optimal);
}

TEST(DispatchRelaxation, ALoadAboveTheContractIsBoughtAsLittleAsPossible) {
    Problem problem = small_problem();
    problem.import_limit_kw = 66;
    problem.batteries[0].discharge_efficiency = 1;
    problem.batteries[0].charge_efficiency = 1;
    problem.batteries[0].stored_kwh = 10;
    problem.batteries[0].charge_max_kw = 12;
    const Plan plan = plan_of(problem);
    ASSERT_EQ(plan.status, PlanStatus::relaxed) << plan.reason;
    // Charged 6 + 11 + 12 before the first step above the contract; 4 + 14 + 24 + 19 above it.
    EXPECT_NEAR(plan.shortfall.import_excess_kwh, 61 - 29, 1e-9);
    EXPECT_NEAR(plan.shortfall.reserve_kwh_h, 0, 1e-9);
    EXPECT_THAT(plan.reason, testing::HasSubstr("contracted import"));
}

TEST(DispatchRelaxation, ATerminalMinimumOutOfReachIsTheLeast) {
    Problem problem = small_problem();
    problem.batteries[0].charge_max_kw = 2;
    problem.batteries[0].charge_efficiency = 1;
    problem.batteries[0].terminal_min_kwh = 90;
    const Plan plan = plan_of(problem);
    ASSERT_EQ(plan.status, PlanStatus::relaxed) << plan.reason;
    EXPECT_NEAR(plan.shortfall.terminal_kwh, 90 - 66, 1e-9);
}

TEST(DispatchRelaxation, TheBreakerIsNeverExceeded) {
    Problem problem = small_problem();
    problem.import_limit_kw = 40;
    problem.breaker_limit_kw = 45;
    problem.batteries[0].stored_kwh = 10;
    const Plan plan = plan_of(problem);
    EXPECT_EQ(plan.status, PlanStatus::failed);
    EXPECT_THAT(plan.reason, testing::HasSubstr("step"));
    EXPECT_TRUE(plan.schedule.import_kw.empty()) << "a failed plan holds no schedule";
}

TEST(DispatchRelaxation, SeveralBatteriesAreRelaxedLikeTheOneTheyAre) {
    const Problem whole = with_reserve(80, 10);
    Problem halves = whole;
    Battery half = whole.batteries[0];
    half.stored_kwh /= 2;
    half.stored_min_kwh /= 2;
    half.stored_max_kwh /= 2;
    half.charge_max_kw /= 2;
    half.discharge_max_kw /= 2;
    half.reserve_kwh.assign(8, 40);
    halves.batteries = {half, half};
    const Plan one = plan_of(whole);
    const Plan two = plan_of(halves);
    ASSERT_EQ(two.status, PlanStatus::relaxed) << two.reason;
    EXPECT_NEAR(two.shortfall.reserve_kwh_h, one.shortfall.reserve_kwh_h, 1e-6);
    EXPECT_NEAR(two.certificate.primal_cost, one.certificate.primal_cost, 1e-5 * one.certificate.primal_cost);
}

TEST(DispatchRelaxation, WithADemandChargeTheLevelsStayAndThePeakFalls) {
    Problem problem = with_reserve(80, 10);
    const Plan without = plan_of(problem);
    problem.demand = DemandCharge{.price_per_kw = 1};
    const Plan with = plan_of(problem);
    ASSERT_EQ(with.status, PlanStatus::relaxed);
    EXPECT_NEAR(with.shortfall.reserve_kwh_h, without.shortfall.reserve_kwh_h, 1e-7);
    double unshaved = 0;
    for (const double import_kw : without.schedule.import_kw) unshaved = std::max(unshaved, import_kw);
    EXPECT_LE(with.schedule.peak_kw, unshaved + 1e-9);
}

}  // namespace
}  // namespace sitepower::dispatch::relaxation_test
