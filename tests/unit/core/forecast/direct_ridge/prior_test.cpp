#include "core/forecast/direct_ridge/prior.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "core/forecast/direct_ridge/direct_ridge.hpp"
#include "tests/unit/core/forecast/synthetic.hpp"

namespace sitepower::forecast::prior_test {
namespace {

constexpr std::size_t horizon = 12;
const Seasons short_week{.day = 6, .week = 42};

// Two kinds of series: waves of a day, and waves of two days.
Series wave(std::size_t days, std::uint32_t seed) {
    Series series = make_series(400, 0, horizon, seed, short_week.day);
    Noise noise(seed);
    for (std::size_t t = 0; t < series.values.size(); ++t) {
        const double turn = 2 * std::numbers::pi * static_cast<double>(t) / static_cast<double>(days * 6);
        series.values[t] = 50 + 10 * std::sin(turn) + 3 * noise.next();
    }
    return series;
}

WindowSums sums_of(const Series& series) {
    const WindowShape shape = window_shape(short_week, horizon);
    WindowSums sums(shape);
    WindowReader(shape).add(series.history(), series.values.size(), window_scale(series.history()), sums);
    return sums;
}

std::vector<WindowSums> two_kinds() {
    std::vector<WindowSums> all;
    for (std::uint32_t seed = 1; seed <= 4; ++seed) {
        all.push_back(sums_of(wave(1, seed)));
        all.push_back(sums_of(wave(2, seed)));
    }
    return all;
}

double left_over(std::span<const WindowSums> series, std::span<const Eigen::MatrixXd> priors) {
    double total = 0;
    for (const auto& one : series) total += one.residual(priors[nearest_prior(one, priors)]);
    return total;
}

TEST(Prior, MoreKindsLeaveLessOver) {
    const auto series = two_kinds();
    const auto one = learn_priors(series, {.matrices = 1});
    const auto two = learn_priors(series, {.matrices = 2});
    ASSERT_EQ(one.size(), 1U);
    ASSERT_EQ(two.size(), 2U);
    EXPECT_LT(left_over(series, two), left_over(series, one));
}

TEST(Prior, TheNearestLeavesTheLeastOver) {
    const auto series = two_kinds();
    const auto priors = learn_priors(series, {.matrices = 3});
    for (const auto& one : series) {
        const double least = one.residual(priors[nearest_prior(one, priors)]);
        for (const auto& prior : priors) EXPECT_LE(least, one.residual(prior));
    }
}

TEST(Prior, HelpsASeriesThatItHasNotSeen) {
    const auto priors = learn_priors(two_kinds(), {.matrices = 2});
    const Series young = wave(2, 77);
    DirectRidge ridge(short_week, horizon, priors);
    const History history = young.until(100, horizon);
    ridge.fit(history);
    ASSERT_EQ(ridge.members(), 3U);
    const auto error = [&](std::size_t member) {
        std::vector<double> said(horizon);
        ridge.forecast(history, member, said);
        double sum = 0;
        for (std::size_t h = 0; h < horizon; ++h) sum += std::abs(said[h] - young.values[100 + h]);
        return sum / horizon;
    };
    EXPECT_LT(error(DirectRidge::prior_alone), 3);
    EXPECT_LT(error(DirectRidge::shrunk), 3);
}

TEST(Prior, IsTheSameOnEveryRun) {
    const auto series = two_kinds();
    const auto one = learn_priors(series, {});
    const auto other = learn_priors(series, {});
    ASSERT_EQ(one.size(), other.size());
    for (std::size_t k = 0; k < one.size(); ++k) EXPECT_EQ(one[k], other[k]);
}

TEST(Prior, OfNothingIsNothing) {
    EXPECT_TRUE(learn_priors({}, {}).empty());
    const WindowShape shape = window_shape(short_week, horizon);
    EXPECT_TRUE(learn_priors(std::vector{WindowSums(shape)}, {}).empty());
    EXPECT_EQ(learn_priors(std::vector{two_kinds()[0]}, {.matrices = 5}).size(), 1U);
}

TEST(Prior, LibraryComesBackFromItsBlob) {
    PriorLibrary library{.shape = window_shape(short_week, horizon),
                         .transformed = learn_priors(two_kinds(), {.matrices = 2}),
                         .raw = {}};
    const auto blob = to_blob(library);
    const auto read = prior_from_blob(blob);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->shape.lags, 48U);
    EXPECT_EQ(read->transformed, library.transformed);
    EXPECT_TRUE(read->raw.empty());
    library.transformed[0](0, 0) = std::numeric_limits<double>::quiet_NaN();
    EXPECT_FALSE(prior_from_blob(to_blob(library)));
    EXPECT_FALSE(prior_from_blob(std::span(blob).first(blob.size() - 1)));
    EXPECT_FALSE(prior_from_blob({}));
}

TEST(WindowSums, ResidualIsLeastAtItsOwnSolution) {
    const auto sums = sums_of(wave(1, 3));
    const Eigen::MatrixXd best = sums.solve(1e-9, {});
    const Eigen::MatrixXd other = best.array() + 0.01;
    EXPECT_LT(sums.residual(best), sums.residual(other));
    EXPECT_LT(sums.residual(best), sums.power);
    EXPECT_LT((sums.solve(1e9, other) - other).cwiseAbs().maxCoeff(), 1e-3) << "all prior";
}

TEST(WindowSums, AConstantSeriesHasNoScaleAndNoWindows) {
    Series series = make_series(400, 0, horizon, 1, short_week.day);
    std::ranges::fill(series.values, 7);
    EXPECT_EQ(window_scale(series.history()), 0);
    EXPECT_EQ(sums_of(series).windows, 0U);
}

}  // namespace
}  // namespace sitepower::forecast::prior_test
