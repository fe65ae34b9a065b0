#include "core/forecast/scores.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace sitepower::forecast::scores_test {
namespace {

using Values = std::vector<double>;
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double inf = std::numeric_limits<double>::infinity();

TEST(Scores, OfAPerfectForecastAreZero) {
    const Values y{1, -2, 3};
    EXPECT_EQ(mean_absolute_error(y, y), 0);
    EXPECT_EQ(root_mean_square_error(y, y), 0);
    EXPECT_EQ(mape_pct(y, y), 0);
    EXPECT_EQ(smape_pct(y, y), 0);
    EXPECT_EQ(r_squared(y, y), 1);
}

TEST(Scores, AreTheTextbooksFigures) {
    const Values y{10, 20, 40};
    const Values f{11, 18, 44};
    EXPECT_DOUBLE_EQ(*mean_absolute_error(y, f), 7.0 / 3);
    EXPECT_DOUBLE_EQ(*root_mean_square_error(y, f), std::sqrt(7.0));
    EXPECT_DOUBLE_EQ(*mape_pct(y, f), 10);
    EXPECT_NEAR(*smape_pct(y, f), (200.0 / 21 + 400.0 / 38 + 800.0 / 84) / 3, 1e-12);
    EXPECT_NEAR(*r_squared(y, f), 1 - 21 / (1400.0 / 3), 1e-12);
}

TEST(Scores, LeaveOutWhatIsNotFinite) {
    EXPECT_EQ(mean_absolute_error(Values{1, nan, 3, inf}, Values{2, 5, nan, 1}), 1);
    EXPECT_EQ(mean_absolute_error(Values{nan}, Values{1}), std::nullopt);
    EXPECT_EQ(mean_absolute_error(Values{}, Values{}), std::nullopt);
    EXPECT_EQ(mean_absolute_error(Values{1, 2}, Values{2}), 1) << "compared over the shorter one";
}

TEST(Scores, OfPercentDoNotCountAnActualOfZero) {
    EXPECT_DOUBLE_EQ(*mape_pct(Values{0, 10}, Values{5, 11}), 10);
    EXPECT_EQ(mape_pct(Values{0, 0}, Values{5, 0}), std::nullopt);
    EXPECT_DOUBLE_EQ(*smape_pct(Values{0, 0}, Values{5, 0}), 100) << "0 against 0 is no error";
}

TEST(Scores, SeasonalNaiveScaleIsUndefinedWhereMaseIs) {
    EXPECT_EQ(seasonal_naive_scale(Values{1, 2, 4, 8}, 1), 7.0 / 3);
    EXPECT_EQ(seasonal_naive_scale(Values{1, 2, 4, 8}, 2), 4.5);
    EXPECT_EQ(seasonal_naive_scale(Values{5, 5, 5}, 1), std::nullopt) << "a constant series";
    EXPECT_EQ(seasonal_naive_scale(Values{1, 2}, 2), std::nullopt);
    EXPECT_EQ(seasonal_naive_scale(Values{}, 1), std::nullopt);
}

TEST(Scores, RSquaredOfAConstantIsUnknown) {
    EXPECT_EQ(r_squared(Values{3, 3, 3}, Values{3, 2, 4}), std::nullopt);
    EXPECT_EQ(r_squared(Values{3}, Values{3}), std::nullopt);
}

TEST(Scores, PinballLossIsLeastAtTheQuantile) {
    Values y;
    for (int i = 1; i <= 99; ++i) y.push_back(i);
    const auto loss_at = [&](double q) {
        double sum = 0;
        for (const double value : y) sum += pinball_loss(value, q, 0.9);
        return sum;
    };
    EXPECT_LT(loss_at(90), loss_at(85));
    EXPECT_LT(loss_at(90), loss_at(95));
}

TEST(Scores, IntervalScoreIsWidthPlusTheFine) {
    EXPECT_DOUBLE_EQ(interval_score(5, 4, 6, 0.05), 2);
    EXPECT_DOUBLE_EQ(interval_score(7, 4, 6, 0.05), 2 + 40);
    EXPECT_DOUBLE_EQ(interval_score(3, 4, 6, 0.05), 2 + 40);
}

TEST(Scores, WeightedAverageOfNaive2IsOne) {
    EXPECT_DOUBLE_EQ(overall_weighted_average(18.383, 2.395, 18.383, 2.395), 1);
    EXPECT_DOUBLE_EQ(overall_weighted_average(9.1915, 2.395, 18.383, 2.395), 0.75);
}

TEST(Scores, CoverageCountsTheBorders) {
    EXPECT_DOUBLE_EQ(*interval_coverage(Values{1, 2, 3, 9}, Values{1, 0, 0, 0}, Values{4, 2, 2, 9}), 0.75);
    EXPECT_DOUBLE_EQ(*interval_coverage(Values{1, nan}, Values{0, 0}, Values{inf, inf}), 1);
    EXPECT_EQ(interval_coverage(Values{}, Values{}, Values{}), std::nullopt);
}

}  // namespace
}  // namespace sitepower::forecast::scores_test
