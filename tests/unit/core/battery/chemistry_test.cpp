#include "core/battery/chemistry.hpp"

#include <gtest/gtest.h>

namespace sitepower::chemistry_test {
namespace {

TEST(Chemistry, CountsCells) {
    EXPECT_EQ(cells_of(Chemistry::vrla, 12), 6);
    EXPECT_EQ(cells_of(Chemistry::vrla, 2), 1);
    EXPECT_EQ(cells_of(Chemistry::lfp, 51.2), 16);
    EXPECT_EQ(cells_of(Chemistry::nmc, 48), 13);
    EXPECT_EQ(cells_of(Chemistry::nca, 0), 1);
}

TEST(Chemistry, FloatVoltageFallsWithTemperatureForLeadOnly) {
    EXPECT_DOUBLE_EQ(float_voltage_v(Chemistry::vrla, 12, 13.65, 25.0), 13.65);
    EXPECT_NEAR(float_voltage_v(Chemistry::vrla, 12, 13.65, 35.0), 13.65 - 0.19, 1e-9);
    EXPECT_NEAR(float_voltage_v(Chemistry::vrla, 2, 2.275, 35.0), 2.275 - 0.19 / 6, 1e-9);
    EXPECT_DOUBLE_EQ(float_voltage_v(Chemistry::vrla, 12, 13.65, std::nullopt), 13.65);
    EXPECT_DOUBLE_EQ(float_voltage_v(Chemistry::lfp, 51.2, 55.2, 40.0), 55.2);
}

TEST(Chemistry, CapacityAndResistanceAreBroughtTo25) {
    EXPECT_DOUBLE_EQ(capacity_ah(Chemistry::vrla, 100, 25.0), 100);
    EXPECT_NEAR(capacity_ah(Chemistry::vrla, 100, 15.0), 94, 1e-9);
    EXPECT_NEAR(capacity_ah(Chemistry::vrla, 100, -273.0), 30, 1e-9) << "the line ends somewhere";
    EXPECT_DOUBLE_EQ(resistance_at_25(Chemistry::vrla, 0.0045, 25.0), 0.0045);
    EXPECT_NEAR(resistance_at_25(Chemistry::vrla, 0.0045, 35.0), 0.0045 / 0.95, 1e-12);
}

}  // namespace
}  // namespace sitepower::chemistry_test
