#include "core/forecast/short_regression/regressors.hpp"

#include <gtest/gtest.h>

#include <set>

namespace sitepower::forecast::regressors_test {
namespace {

std::vector<double> counted(std::size_t n) {
    std::vector<double> values;
    for (std::size_t i = 0; i < n; ++i) values.push_back(static_cast<double>(i * i));
    return values;
}

TEST(Regressors, SetsHaveNamesOfTheirOwn) {
    std::set<std::string_view> names;
    for (const auto& set : regressor_sets()) EXPECT_TRUE(names.insert(set.name).second) << set.name;
    EXPECT_GE(names.size(), 3U);
}

TEST(Regressors, ReadDifferencesFromTheNewestValue) {
    const RegressorSet set{
        .name = "", .lags = {1, 3}, .days = {}, .around = {}, .then = false, .day_lags = {}};
    const Regressors regressors(set, 24, 1);
    ASSERT_EQ(regressors.size(), 3U);
    EXPECT_EQ(regressors.reach(), 4U);
    const auto values = counted(10);
    std::vector<double> x(3);
    regressors.read(values, x);
    EXPECT_EQ(x[0], 64.0 - 81);
    EXPECT_EQ(x[1], 36.0 - 81);
    EXPECT_EQ(x[2], 0) << "the mean of the last hour, which is one step here";
}

TEST(Regressors, LookAtTheTargetsClockTimeOnEarlierDays) {
    const RegressorSet set{.name = "", .lags = {}, .days = {1}, .around = {0}, .then = true, .day_lags = {2}};
    const Regressors regressors(set, 24, 3);
    ASSERT_EQ(regressors.size(), 4U);
    EXPECT_EQ(regressors.reach(), 27U);
    const auto values = counted(50);  // the newest is 49; the target 52, a day before it 28
    std::vector<double> x(4);
    regressors.read(values, x);
    EXPECT_EQ(x[0], values[28] - values[49]);
    EXPECT_EQ(x[1], values[25] - values[49]) << "this clock time a day ago";
    EXPECT_EQ(x[2], values[23] - values[25]) << "how that day stood before it";
}

TEST(Regressors, NeverLookIntoTheFutureNorTwiceAtTheSame) {
    for (const auto& set : regressor_sets()) {
        for (const std::size_t horizon : {1U, 12U, 24U, 48U}) {
            const Regressors regressors(set, 24, horizon);
            const std::vector<double> flat(regressors.reach(), 5);
            std::vector<double> x(regressors.size());
            regressors.read(flat, x);  // an index beyond either end would be caught by the sanitizers
            for (const double value : x) EXPECT_EQ(value, 0);
        }
    }
}

TEST(Regressors, AMeanOfAnHourOnAFineGrid) {
    const RegressorSet set{.name = "", .lags = {}, .days = {}, .around = {}, .then = false, .day_lags = {}};
    const Regressors regressors(set, 96, 1);
    std::vector<double> x(1);
    regressors.read(std::vector<double>{100, 1, 2, 3, 6}, x);
    EXPECT_DOUBLE_EQ(x[0], 3.0 - 6);
}

}  // namespace
}  // namespace sitepower::forecast::regressors_test
