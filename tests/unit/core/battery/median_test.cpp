#include "core/battery/median.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace sitepower::median_test {
namespace {

std::optional<double> median(std::vector<double> values) {
    return median_of(values);
}

TEST(Median, IsTheMiddle) {
    EXPECT_EQ(median({}), std::nullopt);
    EXPECT_EQ(median({3}), 3);
    EXPECT_EQ(median({5, 1}), 3);
    EXPECT_EQ(median({9, 1, 5}), 5);
    EXPECT_EQ(median({4, 100, 1, 3, 2, 5}), 3.5);
}

}  // namespace
}  // namespace sitepower::median_test
