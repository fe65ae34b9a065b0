#include "core/battery/model/cell_model.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/unit/core/battery/model/some_parameters.hpp"

namespace sitepower::cell_model_test {
namespace {

TEST(CellModelTest, FollowsItsTables) {
    const CellModel model(some_cell());
    EXPECT_NEAR(model.at(0, 25).ocv_v, 3, 1e-9);
    EXPECT_NEAR(model.at(1, 25).ocv_v, 4, 1e-9);
    const CellPoint middle = model.at(0.317, 25);
    EXPECT_NEAR(middle.ocv_v, 3.317, 1e-9);
    EXPECT_NEAR(middle.ocv_slope_v, 1, 1e-9);
    EXPECT_NEAR(middle.r0_ohm, 0.010, 1e-12);
    EXPECT_NEAR(middle.r1_ohm, 0.004, 1e-12);
    EXPECT_NEAR(middle.r2_ohm, 0.006, 1e-12);
}

TEST(CellModelTest, HoldsTheEdgeBeyondItsTables) {
    const CellModel model(some_cell());
    EXPECT_EQ(model.at(-3, 25).ocv_v, model.at(0, 25).ocv_v);
    EXPECT_EQ(model.at(7, 25).ocv_v, model.at(1, 25).ocv_v);
    EXPECT_EQ(model.at(0.5, -300).r0_ohm, model.at(0.5, -20).r0_ohm);
    EXPECT_EQ(model.at(0.5, 1e9).r0_ohm, model.at(0.5, 60).r0_ohm);
}

TEST(CellModelTest, ResistanceFollowsArrhenius) {
    BatteryParameters cell = some_cell();
    cell.r0_activation_k = 2000;
    const CellModel model(cell);
    for (const double temperature_c : {-17.0, 0.0, 13.3, 25.0, 48.0}) {
        const double factor = std::exp(2000 * (1 / (temperature_c + 273.15) - 1 / 298.15));
        EXPECT_NEAR(model.at(0.5, temperature_c).r0_ohm, 0.010 * factor, 0.010 * factor * 2e-3);
    }
    EXPECT_NEAR(model.at(0.5, 0).r1_ohm, 0.004, 1e-12);
}

TEST(CellModelTest, InterpolatesBetweenTemperatures) {
    BatteryParameters cell = some_cell();
    cell.resistances.insert(cell.resistances.begin(), {5, {0.030, 0.030}, {0.004, 0.004}, {0.006, 0.006}});
    const CellModel model(cell);
    EXPECT_NEAR(model.at(0.5, 5).r0_ohm, 0.030, 1e-12);
    EXPECT_NEAR(model.at(0.5, 15).r0_ohm, 0.020, 1e-12);
    EXPECT_NEAR(model.at(0.5, 25).r0_ohm, 0.010, 1e-12);
    EXPECT_NEAR(model.at(0.5, -15).r0_ohm, 0.030, 1e-12);
}

TEST(CellModelTest, OpenCircuitMovesWithTheTemperature) {
    BatteryParameters cell = some_cell();
    cell.ocv_v_per_c = {0.001, 0.002};
    const CellModel model(cell);
    EXPECT_NEAR(model.at(0.5, 35).ocv_v, 3.5 + 0.015, 1e-9);
    EXPECT_NEAR(model.at(1, 15).ocv_v, 4 - 0.020, 1e-9);
}

TEST(CellModelTest, FindsTheChargeOfARestedBattery) {
    const CellModel model(some_cell());
    for (const double soc : {0.0, 0.123, 0.5, 0.987, 1.0}) {
        EXPECT_NEAR(model.soc_of_rest(model.at(soc, 25).ocv_v, 25), soc, 1e-5);
    }
    EXPECT_NEAR(model.soc_of_rest(0, 25), 0, 1e-5);
    EXPECT_NEAR(model.soc_of_rest(100, 25), 1, 1e-5);
}

TEST(CellModelTest, IsTrustedLessInTheCold) {
    BatteryParameters cell = some_cell();
    cell.noise.cold_per_c = 0.04;
    cell.noise.low_soc = 0.1;
    const CellModel model(cell);
    EXPECT_DOUBLE_EQ(model.trust(25).cold_factor, 1);
    EXPECT_DOUBLE_EQ(model.trust(40).cold_factor, 1);
    EXPECT_NEAR(model.trust(0).cold_factor, std::exp(1.0), 1e-9);
    EXPECT_DOUBLE_EQ(model.trust(25).low_soc, 0.1);
    EXPECT_DOUBLE_EQ(model.trust(0).low_soc, 0.2);
}

TEST(CapacityShareTest, FollowsPeukertBetweenItsRates) {
    BatteryParameters block = some_block();
    EXPECT_EQ(share_at_rate(block, 3), 1) << "no exponent, no loss";
    block.peukert = 1.1;
    EXPECT_EQ(share_at_rate(block, 0.01), 1);
    EXPECT_EQ(share_at_rate(block, -0.5), 1) << "charging";
    EXPECT_NEAR(share_at_rate(block, 0.1), std::pow(2, -0.1), 1e-12);
    EXPECT_EQ(share_at_rate(block, 3), share_at_rate(block, block.fastest_c));
    for (double c = 0.02; c < 0.5; c += 0.01)
        EXPECT_LE(share_at_rate(block, c + 0.01), share_at_rate(block, c));
}

TEST(CapacityShareTest, FollowsTheTemperature) {
    BatteryParameters block = some_block();
    block.capacity_per_c = 0.006;
    EXPECT_EQ(share_at_temperature(block, 25), 1);
    EXPECT_NEAR(share_at_temperature(block, 15), 0.94, 1e-12);
    EXPECT_EQ(share_at_temperature(block, -300), 0.3);
}

TEST(CellScaleTest, AddsCellsInSeriesAndSharesTheCurrent) {
    const CellScale pack = scale_to(some_cell(), 51.1, 100);  // 14 cells
    EXPECT_DOUBLE_EQ(pack.voltage, 14);
    EXPECT_DOUBLE_EQ(pack.resistance, 14 * 0.1);
    const CellScale jar = scale_to(some_block(), 2, 500);
    EXPECT_DOUBLE_EQ(jar.voltage, 1.0 / 6);
    EXPECT_DOUBLE_EQ(jar.resistance, 1.0 / 6 / 5);
    const CellScale same = scale_to(some_block(), 12, 100);
    EXPECT_DOUBLE_EQ(same.voltage, 1);
    EXPECT_DOUBLE_EQ(same.resistance, 1);
    EXPECT_DOUBLE_EQ(scale_to(some_block(), 0, 0).resistance, 1);
}

}  // namespace
}  // namespace sitepower::cell_model_test
