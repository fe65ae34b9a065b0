// The structure of the programme, against itself and against dense linear algebra.
#include "core/dispatch/interior/layout.hpp"

#include <Eigen/Dense>
#include <cmath>

#include "core/dispatch/interior/mehrotra.hpp"
#include "core/dispatch/interior/normal_equations.hpp"
#include "tests/dispatch_reference/random_problem.hpp"

namespace sitepower::dispatch::layout_test {
namespace {

std::vector<double> waves(std::size_t size, double pace) {
    std::vector<double> result(size);
    for (std::size_t i = 0; i < size; ++i) result[i] = std::sin(pace * static_cast<double>(i) + 0.3);
    return result;
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
    return sum;
}

Problem with_risk(Problem problem) {
    problem.risk = PriceRisk{.level = 0.8, .aversion = 0.4};
    for (const double factor : {0.7, 1.0, 1.6}) {
        problem.risk->import_price_per_kwh.push_back(problem.import_price_per_kwh);
        for (double& price : problem.risk->import_price_per_kwh.back()) price *= factor;
        problem.risk->export_price_per_kwh.push_back(problem.export_price_per_kwh);
        for (double& price : problem.risk->export_price_per_kwh.back()) price *= 0.6 * factor;
    }
    return problem;
}

// Every kind of layout: numbers of batteries with and without sizes known when compiling, PV, peak, elastic,
// risk.
class Structure : public testing::TestWithParam<std::uint64_t> {
  protected:
    Problem problem = [] {
        Problem made = random_problem(
            GetParam(), {.least_steps = 3, .most_steps = 9, .most_batteries = 6, .may_be_tight = false});
        return GetParam() % 3 == 0 ? with_risk(made) : made;
    }();
    Programme programme{problem, windows_of(problem), GetParam() % 2 == 0 ? Elastic::yes : Elastic::no, {}};
    std::size_t rows = programme.right_side.size();
    std::size_t variables = programme.cost.size();
};

TEST_P(Structure, TheTransposeIsTheTranspose) {
    const auto x = waves(variables, 1.1);
    const auto y = waves(rows, 0.7);
    std::vector<double> ax(rows);
    std::vector<double> aty(variables);
    programme.apply(x, ax);
    programme.apply_transposed(y, aty);
    EXPECT_NEAR(dot(ax, y), dot(x, aty), 1e-10 * (1 + std::abs(dot(ax, y))));
}

TEST_P(Structure, TheFactorsSolveTheNormalEquations) {
    std::vector<double> weight = waves(variables, 2.3);
    for (std::size_t i = 0; i < variables; ++i) weight[i] = programme.live[i] * (1.5 + weight[i]);
    NormalEquations equations(programme);
    equations.factor(weight);
    const auto right = waves(rows, 1.9);
    auto y = right;
    equations.solve(y);
    std::vector<double> aty(variables);
    programme.apply_transposed(y, aty);
    for (std::size_t i = 0; i < variables; ++i) aty[i] *= weight[i];
    std::vector<double> again(rows);
    programme.apply(aty, again);
    for (std::size_t i = 0; i < rows; ++i) {
        // A peak row outside of the demand window, and a row without any live variable, says nothing.
        if (again[i] == 0) continue;
        EXPECT_NEAR(again[i], right[i], 1e-7) << i;
    }
}

TEST_P(Structure, TheMethodComesDown) {
    Mehrotra method(programme);
    const double before = method.relative_gap();
    for (int i = 0; i < 12 && method.step(); ++i) continue;
    EXPECT_LT(method.relative_gap(), 0.1 * before);
    for (std::size_t i = 0; i < variables; ++i) {
        ASSERT_GT(method.x()[i], 0);
        ASSERT_LE(method.x()[i], programme.width[i] * (1 + 1e-12));
    }
}

INSTANTIATE_TEST_SUITE_P(Kinds, Structure, testing::Range<std::uint64_t>(1, 40));

// A border needs every step at once.
class StructureWithoutBorder : public Structure {};

TEST_P(StructureWithoutBorder, RangesOfStepsGiveWhatTheWholeGives) {
    auto x = waves(variables, 1.1);
    const auto y = waves(rows, 0.7);
    std::vector<double> weight = waves(variables, 2.3);
    for (std::size_t i = 0; i < variables; ++i) {
        x[i] *= programme.live[i];
        weight[i] = programme.live[i] * (1.5 + weight[i]);
    }
    std::vector<double> ax(rows);
    std::vector<double> aty(variables);
    programme.apply(x, ax);
    programme.apply_transposed(y, aty);
    NormalEquations whole(programme);
    whole.factor(weight);
    auto solution = y;
    whole.solve(solution);

    const StepRange first{0, 2};
    const StepRange rest{2, programme.steps};
    std::vector<double> ax_in_ranges(rows);
    std::vector<double> aty_in_ranges(variables);
    NormalEquations in_ranges(programme);
    auto solution_in_ranges = y;
    for (const StepRange range : {first, rest}) {
        programme.apply(x, ax_in_ranges, range);
        programme.apply_transposed(y, aty_in_ranges, range);
        in_ranges.factor(weight, range);
        in_ranges.forward(solution_in_ranges, range);
    }
    for (const StepRange range : {rest, first}) in_ranges.backward(solution_in_ranges, range);
    for (std::size_t i = 0; i < variables; ++i) aty_in_ranges[i] *= programme.live[i];
    EXPECT_EQ(ax_in_ranges, ax);
    EXPECT_EQ(aty_in_ranges, aty);
    EXPECT_EQ(solution_in_ranges, solution);
}

INSTANTIATE_TEST_SUITE_P(Kinds, StructureWithoutBorder, testing::Range<std::uint64_t>(1, 40, 3));

}  // namespace
}  // namespace sitepower::dispatch::layout_test
