#include "core/battery/rul/particle/elementary.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace sitepower::elementary_test {
namespace {

TEST(Elementary, Exp2AgreesWithTheLibrary) {
    for (double x = -60; x < 60; x += 0.137) {
        EXPECT_NEAR(elementary::exp2(x) / std::exp2(x), 1, 2e-11) << x;
    }
    EXPECT_EQ(elementary::exp2(0), 1);
    EXPECT_EQ(elementary::exp2(10), 1024);
    EXPECT_TRUE(std::isfinite(elementary::exp2(1e9)));
    EXPECT_GT(elementary::exp2(-1e9), 0);
}

TEST(Elementary, Log2AgreesWithTheLibrary) {
    for (double x = 1e-9; x < 1e9; x *= 1.037) EXPECT_NEAR(elementary::log2(x), std::log2(x), 1e-11) << x;
    EXPECT_EQ(elementary::log2(1), 0);
    EXPECT_EQ(elementary::log2(8), 3);
}

TEST(Elementary, AreInverse) {
    for (double x = -20; x < 20; x += 0.731) EXPECT_NEAR(elementary::log2(elementary::exp2(x)), x, 1e-10);
}

}  // namespace
}  // namespace sitepower::elementary_test
