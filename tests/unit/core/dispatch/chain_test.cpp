// The parts of the exact programme of one battery: a step's cost, the chain, the least peak.
#include "core/dispatch/chain.hpp"

#include <cmath>

#include "core/dispatch/least_peak.hpp"
#include "core/dispatch/schedule.hpp"
#include "core/dispatch/value_functions.hpp"
#include "tests/dispatch_reference/random_problem.hpp"
#include "tests/unit/core/dispatch/small_problem.hpp"

namespace sitepower::dispatch::chain_test {
namespace {

constexpr double no_cap = std::numeric_limits<double>::infinity();

double real_cost(const Problem& problem, std::size_t t, double change_kwh) {
    const BatteryFactors factors(problem.batteries[0], problem.step_h);
    const GridFlow grid = cover(problem, t, problem.net_load_kw(t) + factors.power_kw(change_kwh), no_cap);
    return problem.step_h * (problem.import_price_per_kwh[t] * grid.import_kw -
                             problem.export_price_per_kwh[t] * grid.export_kw) +
           factors.wear * std::abs(change_kwh);
}

TEST(StepCost, IsTheCostOfTheCheapestFlows) {
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        const Problem problem = random_problem(seed, {.most_steps = 10});
        const BatteryFactors factors(problem.batteries[0], problem.step_h);
        for (std::size_t t = 0; t < problem.steps(); ++t) {
            const auto cost = step_cost(factors, grid_cost<double>(problem, t, no_cap),
                                        problem.net_load_kw(t), Direction::both);
            if (!cost.feasible) continue;
            ASSERT_TRUE(cost.convex) << "prices are positive";
            double change_kwh = cost.most_kwh;
            double value = real_cost(problem, t, change_kwh);
            for (std::size_t j = 0; j < cost.size; ++j) {
                value += cost.pieces[j].slope * cost.pieces[j].width_kwh;
                change_kwh -= cost.pieces[j].width_kwh;
                ASSERT_NEAR(value, real_cost(problem, t, change_kwh), 1e-9 * (1 + std::abs(value))) << seed;
            }
            ASSERT_NEAR(change_kwh, cost.least_kwh, 1e-9);
        }
    }
}

TEST(StepCost, WhereBurningEnergyWouldPayTheEnvelopeIsConvexAndMarked) {
    Problem problem = small_problem();
    problem.batteries[0].wear_per_kwh = 0;
    problem.import_price_per_kwh[0] = problem.export_price_per_kwh[0] = -0.3;
    const BatteryFactors factors(problem.batteries[0], 1);
    const auto cost = step_cost(factors, grid_cost<double>(problem, 0, no_cap), 60, Direction::both);
    EXPECT_FALSE(cost.convex);
    EXPECT_TRUE(std::any_of(cost.pieces.begin(), cost.pieces.begin() + static_cast<long>(cost.size),
                            [](const auto& piece) { return piece.mixed; }));
    for (std::size_t j = 1; j < cost.size; ++j) EXPECT_LE(cost.pieces[j - 1].slope, cost.pieces[j].slope);
    const auto charging = step_cost(factors, grid_cost<double>(problem, 0, no_cap), 60, Direction::charge);
    EXPECT_TRUE(charging.convex);
    EXPECT_EQ(charging.least_kwh, 0);
}

TEST(Chain, NamesTheStepWhereNothingFits) {
    Problem problem = small_problem();
    problem.batteries[0].reserve_kwh = {0, 0, 0, 99, 0, 0, 0, 0};
    problem.batteries[0].charge_max_kw = 5;
    const Window window = window_of(problem, problem.batteries[0]);
    Chain<double> chain(problem, window);
    EXPECT_FALSE(chain.solve(no_cap, {}));
    EXPECT_LE(chain.infeasible_step(), 3U);
}

TEST(Chain, ItsMultipliersProveItsSchedule) {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        const Problem problem = random_problem(seed, {.may_have_demand = false});
        const auto windows = windows_of(problem);
        Chain<double> chain(problem, windows[0]);
        if (!chain.solve(no_cap, {})) continue;
        const Schedule schedule = settle(problem, {chain.change_kwh()});
        const double cost = replay(problem, windows, schedule, Allowed::nothing).cost;
        const Multipliers multipliers{.energy_value = {chain.energy_values()},
                                      .peak_price = std::vector<double>(problem.steps())};
        ASSERT_NEAR(lower_bound_one(problem, windows[0], multipliers, {}), cost, 1e-11 * (1 + std::abs(cost)))
            << seed;
    }
}

TEST(LeastPeak, IsReachedAndNothingBelowIs) {
    int forced = 0;
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        Problem problem = random_problem(seed, {});
        if (!problem.demand) continue;
        const Window window = window_of(problem, problem.batteries[0]);
        Chain<double> chain(problem, window);
        if (!chain.solve(no_cap, {})) continue;
        const auto least = least_peak(problem, window, {});
        ASSERT_TRUE(least) << seed;
        EXPECT_TRUE(chain.solve(least->peak_kw + 1e-7, {})) << seed;
        if (!least->forced) continue;
        ++forced;
        EXPECT_FALSE(chain.solve(least->peak_kw - 1e-3, {})) << seed;
    }
    EXPECT_GT(forced, 10);
}

TEST(ValueFunctions, AgreeWithTheChainWhereStepsAreConvex) {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        const Problem problem = random_problem(seed, {.may_have_demand = false});
        const auto windows = windows_of(problem);
        const auto solution = solve_by_value_functions(problem, windows[0]);
        Chain<double> chain(problem, windows[0]);
        ASSERT_EQ(chain.solve(no_cap, {}), solution.has_value()) << seed;
        if (!solution) continue;
        const auto cost_of_change = [&](const std::vector<double>& change) {
            return replay(problem, windows, settle(problem, {change}), Allowed::nothing).cost;
        };
        const double cost = cost_of_change(chain.change_kwh());
        ASSERT_NEAR(cost_of_change(solution->change_kwh), cost, 1e-9 * (1 + std::abs(cost))) << seed;
        ASSERT_NEAR(lower_bound_by_values(problem, windows[0], solution->cost_to_go), cost,
                    1e-9 * (1 + std::abs(cost)))
            << seed;
    }
}

TEST(Windows, OpenJustSoFarThatTheWayBackFits) {
    Problem problem = small_problem();
    problem.batteries[0].stored_kwh = 2;
    problem.batteries[0].charge_max_kw = 4;
    problem.batteries[0].charge_efficiency = 1;
    const Window window = window_of(problem, problem.batteries[0]);
    EXPECT_TRUE(window.starts_outside);
    EXPECT_NEAR(window.low_kwh[0], 6, 1e-12);
    EXPECT_NEAR(window.low_kwh[1], 10, 1e-12);
    EXPECT_NEAR(window.high_kwh[0], 100, 1e-12);
    EXPECT_FALSE(window_of(small_problem(), small_battery()).starts_outside);
}

}  // namespace
}  // namespace sitepower::dispatch::chain_test
