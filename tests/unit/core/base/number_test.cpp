#include "core/base/number.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace sitepower::number_test {
namespace {

TEST(Number, IsSquared) {
    EXPECT_EQ(square(-3), 9);
    static_assert(square(0.5) == 0.25);
}

TEST(Number, IsWrittenWithSoManyDecimals) {
    EXPECT_EQ(decimal_text(12.46, 1), "12.5");
    EXPECT_EQ(decimal_text(-0.004, 2), "-0.00");
    EXPECT_EQ(decimal_text(1e-9, 0), "0");
}

TEST(Number, IsWrittenWithSoManyDigits) {
    EXPECT_EQ(digit_text(0.012345678, 4), "0.01235");
    EXPECT_EQ(digit_text(1234567, 4), "1.235e+06");
    EXPECT_EQ(digit_text(2, 6), "2");
}

TEST(Number, TheLargestIsWrittenWhole) {
    const auto text = decimal_text(-std::numeric_limits<double>::max(), 15);
    EXPECT_EQ(text.size(), 1 + 309 + 1 + 15U);
    EXPECT_EQ(decimal_text(std::numeric_limits<double>::infinity(), 1), "inf");
}

}  // namespace
}  // namespace sitepower::number_test
