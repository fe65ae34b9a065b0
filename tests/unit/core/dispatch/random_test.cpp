// Made-up problems against COIN-OR CLP, an independent solver: a wrong "optimal" is the worst that a plan can
// be.
#include <cmath>

#include "core/dispatch/check.hpp"
#include "core/dispatch/one_battery.hpp"
#include "tests/dispatch_reference/linear_programme.hpp"
#include "tests/dispatch_reference/random_problem.hpp"
#include "tests/unit/core/dispatch/small_problem.hpp"

namespace sitepower::dispatch::random_test {
namespace {

double relative(double value, double reference) {
    return (value - reference) / (1 + std::abs(reference));
}

struct RandomDispatch : testing::Test {
    void SetUp() override {
        ASSERT_TRUE(has_reference_solver()) << "without CLP nothing is proven: install coinor-libclp-dev";
    }

    // Optimal where CLP finds an optimum, and the same; relaxed where CLP finds none.
    static void expect_agreement(std::uint64_t seed, const ProblemKind& kind, double tolerance) {
        const Problem problem = random_problem(seed, kind);
        const auto reference = solve_by_reference(problem);
        ASSERT_TRUE(reference) << seed;
        const Plan plan = plan_of(problem);
        if (!reference->feasible) {
            ASSERT_EQ(plan.status, PlanStatus::relaxed) << seed << plan.reason;
            return;
        }
        ASSERT_EQ(plan.status, PlanStatus::optimal) << seed << " " << plan.reason;
        ASSERT_NEAR(relative(plan.certificate.primal_cost, reference->cost), 0, tolerance) << seed;
        ASSERT_LE(plan.certificate.dual_cost, reference->cost + 1e-9 * (1 + std::abs(reference->cost)))
            << seed << ": a bound above the optimum";
    }
};

TEST_F(RandomDispatch, OneBatteryIsExact) {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) expect_agreement(seed, {}, 1e-9);
}

TEST_F(RandomDispatch, SeveralBatteriesAreWithinTheGap) {
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        expect_agreement(seed, {.most_steps = 24, .most_batteries = 3}, 1e-8);
    }
}

// The method passes over so many steps in several ranges.
TEST_F(RandomDispatch, SeveralBatteriesOverManyStepsAreWithinTheGap) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        expect_agreement(seed, {.least_steps = 100, .most_steps = 150, .most_batteries = 3}, 1e-8);
    }
}

// Every way to fix charge or discharge in the negative steps, by brute force.
double best_of_all_directions(const Problem& problem) {
    std::vector<std::size_t> open;
    for (std::size_t t = 0; t < problem.steps(); ++t) {
        if (problem.import_price_per_kwh[t] < 0 || problem.export_price_per_kwh[t] < 0) open.push_back(t);
    }
    double best = INFINITY;
    for (std::size_t choice = 0; choice < (std::size_t{1} << open.size()); ++choice) {
        std::vector<Direction> directions(problem.steps(), Direction::both);
        for (std::size_t k = 0; k < open.size(); ++k) {
            directions[open[k]] = (choice >> k) % 2 == 0 ? Direction::charge : Direction::discharge;
        }
        const auto reference = solve_by_reference(problem, {directions});
        if (reference && reference->feasible) best = std::min(best, reference->cost);
    }
    return best;
}

TEST_F(RandomDispatch, NegativePricesReachThePhysicalOptimum) {
    const ProblemKind kind{.most_steps = 7, .may_be_negative = true};
    int branched = 0;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        const Problem problem = random_problem(seed, kind);
        const double best = best_of_all_directions(problem);
        const Plan plan = plan_of(problem);
        if (std::isinf(best)) {
            ASSERT_EQ(plan.status, PlanStatus::relaxed) << seed << plan.reason;
            continue;
        }
        ASSERT_EQ(plan.status, PlanStatus::optimal)
            << seed << " " << plan.reason << plan.certificate.relative_gap;
        ASSERT_NEAR(relative(plan.certificate.primal_cost, best), 0, 1e-9) << seed;
        branched += plan.certificate.iterations > 1 ? 1 : 0;
    }
    EXPECT_GT(branched, 10) << "otherwise nothing of this was tested";
}

TEST(DispatchBound, NoMultipliersWhateverProveTooMuch) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        const Problem problem = random_problem(seed, {.may_be_negative = true});
        const auto windows = windows_of(problem);
        const Solved solved = solve_one_battery(problem, windows[0]);
        if (!solved.feasible) continue;
        const double cost = replay(problem, windows, solved.schedule, Allowed::nothing).cost;
        Multipliers wrong{.power_price = std::vector<double>(problem.steps()),
                          .energy_value = {std::vector<double>(problem.steps())},
                          .peak_price = std::vector<double>(problem.steps())};
        for (std::size_t t = 0; t < problem.steps(); ++t) {
            wrong.power_price[t] = std::sin(static_cast<double>(seed + 3 * t));
            wrong.energy_value[0][t] = -std::cos(static_cast<double>(seed * t + 1));
            wrong.peak_price[t] = std::abs(std::sin(static_cast<double>(t)));
        }
        const double tolerance = 1e-9 * (1 + std::abs(cost));
        ASSERT_LE(lower_bound_one(problem, windows[0], wrong, {}), cost + tolerance) << seed;
        ASSERT_LE(lower_bound(problem, windows, wrong, {}), cost + tolerance) << seed;
        wrong.energy_value[0][0] = NAN;
        ASSERT_EQ(lower_bound_one(problem, windows[0], wrong, {}), -INFINITY)
            << "not a number proves nothing";
    }
}

TEST(DispatchBound, FunctionsThatLeaveEnergiesOutProveNothing) {
    const Problem problem = small_problem();
    const auto windows = windows_of(problem);
    std::vector<Curve> zero(8, Curve({{10, 0}, {100, 0}}));
    const double bound = lower_bound_by_values(problem, windows[0], zero);
    EXPECT_LE(bound, cost_of(problem));
    EXPECT_TRUE(std::isfinite(bound));
    zero[3] = Curve({{40, 0}, {60, 0}});
    EXPECT_EQ(lower_bound_by_values(problem, windows[0], zero), -INFINITY);
}

TEST(DispatchRandom, TheSameSeedGivesTheSamePlanBitForBit) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        const Problem problem = random_problem(seed, {.most_batteries = 3});
        EXPECT_EQ(plan_of(problem).schedule.import_kw, plan_of(problem).schedule.import_kw);
    }
}

}  // namespace
}  // namespace sitepower::dispatch::random_test
