#include "core/battery/rul/log_histogram.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace sitepower::log_histogram_test {
namespace {

TEST(LogHistogram, FindsTheQuantilesOfEvenlySpreadSamples) {
    LogHistogram histogram(-1, 9);
    for (int i = 0; i < 10'000; ++i) histogram.add(8.0 * i / 10'000, 1);
    for (const double q : {0.1, 0.5, 0.9}) EXPECT_NEAR(histogram.quantile(q), 8 * q, 0.02) << q;
}

TEST(LogHistogram, WeighsSamples) {
    LogHistogram histogram(0, 10);
    histogram.add(2, 0.8);
    histogram.add(7, 0.2);
    EXPECT_NEAR(histogram.quantile(0.5), 2, 0.02);
    EXPECT_NEAR(histogram.quantile(0.9), 7, 0.02);
    EXPECT_DOUBLE_EQ(histogram.total(), 1);
}

TEST(LogHistogram, KeepsSamplesBeyondItsRangeAtTheEnds) {
    LogHistogram histogram(0, 1);
    histogram.add(-1e300, 1);
    EXPECT_NEAR(histogram.quantile(0.5), 0, 0.01);
    histogram.add(1e300, 99);
    EXPECT_NEAR(histogram.quantile(0.9), 1, 0.01);
}

TEST(LogHistogram, QuantilesNeverFallWithTheProbability) {
    LogHistogram histogram(0, 5);
    for (int i = 0; i < 100; ++i) histogram.add(std::fmod(i * 1.618, 5.0), 1.0 + i % 3);
    double before = -1;
    for (double q = 0.01; q < 1; q += 0.01) {
        EXPECT_GE(histogram.quantile(q), before);
        before = histogram.quantile(q);
    }
}

}  // namespace
}  // namespace sitepower::log_histogram_test
