#include "core/battery/rul/particle/counter_random.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace sitepower::counter_random_test {
namespace {

// These numbers must never change: stored states are replayed with them.
TEST(CounterRandom, IsTheSameEverywhere) {
    const CounterRandom random(42);
    EXPECT_EQ(random.bits(0), 13679457532755275413U);
    EXPECT_EQ(random.bits(1), 2949826092126892291U);
    EXPECT_EQ(random.bits(0), CounterRandom(42).bits(0));
    EXPECT_NE(random.bits(0), CounterRandom(43).bits(0));
}

TEST(CounterRandom, UniformNumbersFillTheUnitInterval) {
    const CounterRandom random(7);
    double sum = 0;
    for (std::uint64_t i = 0; i < 20'000; ++i) {
        const double value = random.uniform(i);
        ASSERT_GT(value, 0);
        ASSERT_LT(value, 1);
        sum += value;
    }
    EXPECT_NEAR(sum / 20'000, 0.5, 0.01);
}

TEST(CounterRandom, NormalNumbersHaveMeanZeroAndVarianceOne) {
    const CounterRandom random(7);
    double sum = 0;
    double squares = 0;
    for (std::uint64_t i = 0; i < 20'000; ++i) {
        const double value = random.normal(i);
        sum += value;
        squares += value * value;
    }
    EXPECT_NEAR(sum / 20'000, 0, 0.03);
    EXPECT_NEAR(squares / 20'000, 1, 0.05);
}

TEST(InverseNormal, AgreesWithTheDistributionFunction) {
    for (const double x : {-4.0, -2.5, -1.0, -0.1, 0.0, 0.3, 1.2816, 3.0}) {
        EXPECT_NEAR(inverse_normal(std::erfc(-x / std::sqrt(2.0)) / 2), x, 1e-6) << x;
    }
}

}  // namespace
}  // namespace sitepower::counter_random_test
