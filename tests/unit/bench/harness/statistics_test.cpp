#include "bench/harness/statistics.hpp"

#include <gtest/gtest.h>

namespace sitepower::bench {
namespace {

TEST(Statistics, MedianIsTheMiddleOfAnyOrder) {
    EXPECT_EQ(median({3, 1, 2}), 2);
    EXPECT_EQ(median({4, 1, 3, 2}), 2.5);
    EXPECT_EQ(median({7}), 7);
}

TEST(Statistics, PercentileIsTheNearestRank) {
    std::vector<double> values;
    for (int i = 100; i >= 1; --i) values.push_back(i);
    EXPECT_EQ(percentile(values, 0.50), 50);
    EXPECT_EQ(percentile(values, 0.99), 99);
    EXPECT_EQ(percentile(values, 1.0), 100);
    EXPECT_EQ(percentile(values, 0.0), 1);
    EXPECT_EQ(percentile({5}, 0.99), 5);
}

// A round that was disturbed as a whole does not move the ratio; the ratio of the medians would be 2.
TEST(Statistics, RatioIsTakenRoundByRound) {
    const Paired rounds{.ours = {10, 40, 10}, .bare = {10, 20, 5}};
    EXPECT_EQ(median_ratio(rounds), 2);
    const Paired disturbed{.ours = {11, 110, 11, 11, 11}, .bare = {10, 100, 10, 10, 10}};
    EXPECT_DOUBLE_EQ(median_ratio(disturbed), 1.1);
}

}  // namespace
}  // namespace sitepower::bench
