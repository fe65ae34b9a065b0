#include "daemon/lab/score/cell_kind.hpp"

#include <gtest/gtest.h>

namespace sitepower::lab::cell_kind_test {
namespace {

TEST(CellKind, GoesByTheFormOfTheName) {
    EXPECT_EQ(kind_of("2017-05-12_2017-05-12_battery-1").name, "mit");
    EXPECT_EQ(kind_of("2C_battery-1").name, "xjtu");
    EXPECT_EQ(kind_of("Sim_satellite_battery-3").name, "xjtu");
    EXPECT_EQ(kind_of("Dataset_1_NCA_battery_CY25-1_1-#1").name, "tju");
    EXPECT_EQ(kind_of("10-3").name, "hust");
    EXPECT_EQ(kind_of("CS2_35").name, "calce");
    EXPECT_EQ(kind_of("B0005").name, "nasa");
    EXPECT_EQ(kind_of("BAT-7").name, "cells");
    EXPECT_EQ(kind_of("").name, "cells");
}

TEST(CellKind, KnowsRatedCapacityAndEndOfLife) {
    EXPECT_EQ(kind_of("Dataset_1_NCA_battery_CY25-1_1-#1").rated_ah, 3.5);
    EXPECT_EQ(kind_of("Dataset_3_NCM_NCA_battery_CY25-05_1-#1").rated_ah, 2.5);
    EXPECT_EQ(kind_of("2017-05-12_2017-05-12_battery-1").end_of_life, 0.885);
    EXPECT_TRUE(kind_of("BAT-7").library.empty());
}

}  // namespace
}  // namespace sitepower::lab::cell_kind_test
