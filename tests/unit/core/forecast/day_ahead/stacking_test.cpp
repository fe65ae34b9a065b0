#include "core/forecast/day_ahead/stacking.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/unit/core/forecast/day_ahead/synthetic_days.hpp"

namespace sitepower::forecast::stacking_test {
namespace {

constexpr Eigen::Index experts = 3;
constexpr Eigen::Index slots = 24;
const std::vector<StackingWindow> windows{{.days = 30, .penalty = 0.01}, {.days = 60, .penalty = 0.01}};

// Expert 0 is right up to its error, expert 1 is 10 too high, expert 2 is noise.
MaturedDay day_of(DayNoise& noise, double error) {
    MaturedDay day{.experts = Eigen::MatrixXd(experts, slots), .actual = Eigen::VectorXd(slots)};
    for (Eigen::Index s = 0; s < slots; ++s) {
        day.actual[s] = 50 + 10 * noise();
        day.experts(0, s) = day.actual[s] + error * noise();
        day.experts(1, s) = day.actual[s] + 10 + 3 * noise();
        day.experts(2, s) = 50 + 30 * noise();
    }
    return day;
}

Stacking matured(std::size_t days, double error = 0.1) {
    DayNoise noise(5);
    Stacking stacking(windows);
    for (std::size_t i = 0; i < days; ++i) {
        stacking.add(day_of(noise, error));
    }
    return stacking;
}

double error_of(const Stacking& stacking, const MaturedDay& day) {
    return (stacking.combine(day.experts) - day.actual).cwiseAbs().mean();
}

TEST(DayStacking, IsTheMeanUntilEnoughDaysHaveMatured) {
    DayNoise noise(1);
    const auto day = day_of(noise, 1);
    const Eigen::VectorXd mean = day.experts.colwise().mean().transpose();
    EXPECT_LT((matured(0).combine(day.experts) - mean).norm(), 1e-12);
    EXPECT_LT((matured(Stacking::least_days - 1).combine(day.experts) - mean).norm(), 1e-12);
    EXPECT_GT((matured(Stacking::least_days).combine(day.experts) - mean).norm(), 1);
}

TEST(DayStacking, FindsTheGoodExpertAndTheShift) {
    DayNoise noise(2);
    const auto stacking = matured(60);
    for (int i = 0; i < 10; ++i) {
        const auto day = day_of(noise, 0.1);
        EXPECT_LT(error_of(stacking, day), 0.6);
        EXPECT_GT((day.experts.colwise().mean().transpose() - day.actual).cwiseAbs().mean(), 3);
    }
}

TEST(DayStacking, ASpikeInTheActualDoesNotMoveIt) {
    DayNoise noise(2);
    auto stacking = matured(60);
    auto spiked = day_of(noise, 0.1);
    spiked.actual[7] = 3000;
    stacking.add(spiked);
    EXPECT_LT(error_of(stacking, day_of(noise, 0.1)), 1);
}

TEST(DayStacking, AnExpertWithoutAValueIsReplacedByTheOthers) {
    DayNoise noise(2);
    const auto stacking = matured(60);
    auto day = day_of(noise, 0.1);
    day.experts.row(2).setConstant(std::numeric_limits<double>::quiet_NaN());
    const auto combined = stacking.combine(day.experts);
    EXPECT_TRUE(combined.allFinite());
    EXPECT_LT((combined - day.actual).cwiseAbs().mean(), 12);
}

TEST(DayStacking, UnknownActualsAreLeftOut) {
    DayNoise noise(9);
    Stacking stacking(windows);
    for (int i = 0; i < 40; ++i) {
        auto day = day_of(noise, 0.1);
        for (Eigen::Index s = 0; s < slots; s += 2) {
            day.actual[s] = std::numeric_limits<double>::quiet_NaN();
        }
        stacking.add(day);
    }
    const auto day = day_of(noise, 0.1);
    EXPECT_LT(error_of(stacking, day), 0.6);
}

TEST(DayStacking, PerfectAndConstantExpertsAreLeftAlone) {
    Stacking stacking(windows);
    const Eigen::MatrixXd same = Eigen::MatrixXd::Constant(experts, slots, 42);
    for (int i = 0; i < 40; ++i) {
        stacking.add({.experts = same, .actual = Eigen::VectorXd::Constant(slots, 42)});
    }
    EXPECT_LT((stacking.combine(same).array() - 42).abs().maxCoeff(), 1e-9);
}

TEST(DayStacking, ContinuesAsSaved) {
    DayNoise noise(2);
    const auto stacking = matured(70);
    BlobWriter writer;
    stacking.save(writer);
    const auto blob = writer.finish(1, 1);
    auto reader = BlobReader::open(blob, 1, 1);
    ASSERT_TRUE(reader);
    Stacking loaded(windows);
    loaded.load(*reader, experts, slots);
    EXPECT_TRUE(reader->finished());
    const auto day = day_of(noise, 0.1);
    EXPECT_EQ(loaded.combine(day.experts), stacking.combine(day.experts));
}

TEST(DayLeastAbsolute, IsTheMedianWhereLeastSquaresWouldBeTheMean) {
    Eigen::VectorXd target = Eigen::VectorXd::Ones(21);
    for (Eigen::Index i = 0; i < 21; ++i) {
        target[i] += 0.01 * static_cast<double>(i % 3 - 1);
    }
    target[20] = 500;
    const auto beta = least_absolute_ridge(Eigen::MatrixXd::Ones(21, 1), target, 1e-9);
    EXPECT_NEAR(beta[0], 1, 2);  // after the fixed number of steps; the mean is 25
}

}  // namespace
}  // namespace sitepower::forecast::stacking_test
