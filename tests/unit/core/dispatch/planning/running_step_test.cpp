#include "core/dispatch/planning/running_step.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/dispatch_reference/random_problem.hpp"
#include "tests/unit/core/dispatch/small_problem.hpp"

namespace sitepower::dispatch::running_step_test {
namespace {

// The same problem in halves of its steps, without the first half: what is still to come, exactly.
Problem the_rest_in_halves(const Problem& whole) {
    Problem halves = whole;
    halves.step_h = whole.step_h / 2;
    const auto split = [](auto& values) {
        auto split_values = values;
        split_values.clear();
        for (std::size_t t = 0; t < values.size(); ++t) {
            if (t > 0) split_values.push_back(values[t]);
            split_values.push_back(values[t]);
        }
        values = split_values;
    };
    split(halves.import_price_per_kwh);
    split(halves.export_price_per_kwh);
    split(halves.load_kw);
    split(halves.pv_kw);
    for (auto& battery : halves.batteries) split(battery.reserve_kwh);
    return halves;
}

// What a plan costs without the first half of its first step, by its own powers.
double cost_of_the_rest(const Problem& problem, const Plan& plan) {
    const auto& schedule = plan.schedule;
    double first = problem.step_h * (problem.import_price_per_kwh[0] * schedule.import_kw[0] -
                                     problem.export_price_per_kwh[0] * schedule.export_kw[0]);
    for (std::size_t b = 0; b < problem.batteries.size(); ++b) {
        const auto& battery = problem.batteries[b];
        first += battery.wear_per_kwh * problem.step_h *
                 (battery.charge_efficiency * schedule.batteries[b].charge_kw[0] +
                  schedule.batteries[b].discharge_kw[0] / battery.discharge_efficiency);
    }
    return plan.certificate.primal_cost - first / 2;
}

TEST(RunningStep, TheRestOfAStepMovesItsShareOnly) {
    Problem problem = small_problem();
    problem.batteries[0].stored_kwh = 20;
    problem.import_price_per_kwh[0] = 0.01;
    problem.export_price_per_kwh[0] = 0;
    const auto plan = make_plan_within_step(problem, 0.25);
    ASSERT_TRUE(plan);
    ASSERT_EQ(plan->status, PlanStatus::optimal);
    ASSERT_NEAR(plan->schedule.batteries[0].charge_kw[0], 30, 1e-9) << "as fast as it can";
    EXPECT_NEAR(plan->schedule.batteries[0].stored_kwh[0], 20 + 0.25 * 0.95 * 30, 1e-9);
}

TEST(RunningStep, ABatteryThatFillsUpFindsThePowerThatFillsItInTheRest) {
    Problem problem = small_problem();
    problem.batteries[0].stored_kwh = 97.15;
    problem.import_price_per_kwh[0] = 0.01;
    problem.export_price_per_kwh[0] = 0;
    for (std::size_t t = 1; t < 8; ++t) problem.import_price_per_kwh[t] = 0.4;
    const auto plan = make_plan_within_step(problem, 0.25);
    ASSERT_TRUE(plan);
    EXPECT_NEAR(plan->schedule.batteries[0].charge_kw[0], (100 - 97.15) / 0.95 / 0.25, 1e-6);
    EXPECT_NEAR(plan->schedule.batteries[0].stored_kwh[0], 100, 1e-6);
}

TEST(RunningStep, AWholeStepAndWhatIsNoPlanAreAsEver) {
    Problem problem = small_problem();
    const auto whole = make_plan_within_step(problem, 1);
    ASSERT_TRUE(whole);
    EXPECT_EQ(whole->certificate.primal_cost, cost_of(small_problem()));
    EXPECT_EQ(problem.batteries[0].stored_kwh, 50);
    problem.load_kw[2] = -1;
    EXPECT_EQ(make_plan_within_step(problem, 0.5).error().code, ErrorCode::validation_error);
    problem = small_problem();
    problem.import_limit_kw = problem.breaker_limit_kw = 1;
    EXPECT_EQ(make_plan_within_step(problem, 0.5)->status, PlanStatus::failed);
}

// Against the truth: what a problem in half steps finds for what is still to come.
TEST(RunningStep, CostsWhatTheExactRestCosts) {
    int compared = 0;
    int off = 0;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        Problem problem = random_problem(
            seed, {.most_steps = 24, .most_batteries = 2, .may_have_demand = false, .may_be_tight = false});
        for (auto& battery : problem.batteries) battery.self_discharge_per_h = 0;
        const Plan exact = plan_of(the_rest_in_halves(problem));
        if (exact.status != PlanStatus::optimal) continue;
        const auto plan = make_plan_within_step(problem, 0.5);
        ASSERT_TRUE(plan) << seed;
        ++compared;
        const double cost = cost_of_the_rest(problem, *plan);
        off += std::abs(cost - exact.certificate.primal_cost) >
                       1e-5 * (1 + std::abs(exact.certificate.primal_cost))
                   ? 1
                   : 0;
    }
    EXPECT_GT(compared, 100);
    EXPECT_LE(off, compared / 50) << "where no rounds meet the closest counts";
}

}  // namespace
}  // namespace sitepower::dispatch::running_step_test
