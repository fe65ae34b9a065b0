#include "core/forecast/counter.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <numeric>

namespace sitepower::forecast::counter_test {
namespace {

using std::chrono::minutes;

const Time start = *parse_time("2026-11-27T12:00:00Z");

TEST(Counter, CountsDifferences) {
    Counter counter({});
    EXPECT_EQ(counter.read(start, 100).kind, CounterStep::first);
    const auto counted = counter.read(start + minutes{5}, 103.5);
    EXPECT_EQ(counted.kind, CounterStep::counted);
    EXPECT_EQ(counted.amount, 3.5);
    EXPECT_EQ(counted.over, Duration{minutes{5}});
}

TEST(Counter, ARollOverLosesNothing) {
    Counter counter({.wraps_at = 1000});
    counter.read(start, 998);
    const auto counted = counter.read(start + minutes{5}, 3);
    EXPECT_EQ(counted.kind, CounterStep::rolled_over);
    EXPECT_EQ(counted.amount, 5);
}

TEST(Counter, AStepBackThatCannotBeARollOverIsAReset) {
    Counter fast({.wraps_at = 1000, .largest_rate = 0.1});
    fast.read(start, 500);
    const auto reset = fast.read(start + minutes{5}, 3);  // 503 in five minutes
    EXPECT_EQ(reset.kind, CounterStep::reset);
    EXPECT_FALSE(reset.amount);
    EXPECT_EQ(fast.read(start + minutes{10}, 5).amount, 2) << "counts on from there";
    Counter endless({});
    endless.read(start, 500);
    EXPECT_EQ(endless.read(start + minutes{5}, 3).kind, CounterStep::reset);
}

TEST(Counter, ReadsNoNonsense) {
    Counter counter({});
    counter.read(start, 10);
    for (const double value : {std::nan(""), HUGE_VAL, -1.0}) {
        EXPECT_FALSE(counter.read(start + minutes{1}, value).amount);
    }
    EXPECT_FALSE(counter.read(start, 11).amount) << "not newer";
    EXPECT_EQ(counter.read(start + minutes{5}, 12).amount, 2);
}

TEST(Spread, ConservesTheAmount) {
    const auto steps = spread(10, std::vector<double>{1, 3, 0, 1});
    EXPECT_DOUBLE_EQ(steps[0], 2);
    EXPECT_DOUBLE_EQ(steps[1], 6);
    EXPECT_DOUBLE_EQ(steps[2], 0);
    EXPECT_DOUBLE_EQ(std::accumulate(steps.begin(), steps.end(), 0.0), 10);
    const auto even = spread(9, std::vector<double>{0, 0, std::nan("")});
    EXPECT_DOUBLE_EQ(even[0], 3);
    EXPECT_DOUBLE_EQ(std::accumulate(even.begin(), even.end(), 0.0), 9);
    EXPECT_TRUE(spread(5, {}).empty());
}

}  // namespace
}  // namespace sitepower::forecast::counter_test
