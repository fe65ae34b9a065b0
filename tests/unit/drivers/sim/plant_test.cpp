#include "drivers/sim/plant.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace sitepower::sim::plant_test {
namespace {

TEST(Plant, RunsFromTheMainsAtFirst) {
    const Plant plant{PlantParameters{}};
    EXPECT_TRUE(plant.mains());
    EXPECT_FALSE(plant.on_battery());
    EXPECT_NEAR(plant.load_kw(), 40, 3);
    EXPECT_NEAR(plant.charge_pct(), 100, 1.5);
    EXPECT_GT(plant.meter(0).power_kw, plant.meter(1).power_kw);
}

TEST(Plant, TheSameSeedGivesTheSameSite) {
    Plant one{PlantParameters{}};
    Plant two{PlantParameters{}};
    PlantParameters other;
    other.seed = 2;
    Plant three{other};
    for (Plant* plant : {&one, &two, &three}) {
        plant->advance(100);
        plant->fail_mains();
        plant->advance(100);
    }
    EXPECT_EQ(one.string(0).jars()[3].measured_voltage_v, two.string(0).jars()[3].measured_voltage_v);
    EXPECT_EQ(one.load_kw(), two.load_kw());
    EXPECT_NE(one.string(0).jars()[3].measured_voltage_v, three.string(0).jars()[3].measured_voltage_v);
}

TEST(Plant, OnBatteryTheBatteriesGiveWhatTheLoadTakes) {
    Plant plant{PlantParameters{}};
    plant.fail_mains();
    for (int i = 0; i < 300; ++i) {
        plant.advance(1);
        EXPECT_TRUE(plant.on_battery());
        // The power is settled before the step's charge has left, hence the small margin.
        EXPECT_NEAR(-plant.battery_power_kw(), plant.load_kw() / 0.95, 0.05 * plant.load_kw())
            << "after " << i;
    }
    EXPECT_EQ(plant.meter(0).power_kw, 0);
    EXPECT_EQ(plant.input_voltage_v(), 0);
}

TEST(Plant, BothStringsShareOneBus) {
    Plant plant{PlantParameters{}};
    plant.string(1).age(4, 2.0);
    plant.fail_mains();
    plant.advance(600);
    EXPECT_NEAR(plant.string(0).voltage_v(), plant.string(1).voltage_v(), 1.0);
    EXPECT_LT(plant.string(0).current_a(), plant.string(1).current_a());  // the weaker one gives less
}

TEST(Plant, TheLoadGoesDarkWhenAllIsSpentAndComesBackWithTheMains) {
    Plant plant{PlantParameters{}};
    plant.fail_mains();
    double hours = 0;
    while (plant.supplying() && hours < 12) {
        plant.advance(60);
        hours += 1.0 / 60;
    }
    EXPECT_GT(hours, 1.0);
    EXPECT_LT(hours, 6.0);
    EXPECT_EQ(plant.load_kw(), 0);
    EXPECT_FALSE(plant.on_battery());
    EXPECT_EQ(plant.meter(1).current_a[0], 0);
    plant.restore_mains();
    plant.advance(60);
    EXPECT_NEAR(plant.load_kw(), 40, 8);
    EXPECT_GT(plant.battery_current_a(), 20);
}

TEST(Plant, StringsAreNotDischargedBelowTheCutOff) {
    Plant plant{PlantParameters{}};
    plant.fail_mains();
    for (int i = 0; i < 600 && !plant.strings_exhausted(); ++i) {
        plant.advance(60);
        if (!plant.strings_exhausted()) {
            EXPECT_GT(plant.battery_voltage_v(), 36 * 10.4);
        }
    }
    EXPECT_TRUE(plant.strings_exhausted());
    plant.advance(10);
    EXPECT_EQ(plant.string(0).current_a(), 0);
}

TEST(Plant, RechargesToFloatWithinADay) {
    Plant plant{PlantParameters{}};
    plant.fail_mains();
    plant.advance(1800);
    EXPECT_LT(plant.charge_pct(), 90);
    plant.restore_mains();
    plant.advance(86'400);
    EXPECT_GT(plant.charge_pct(), 98);
    EXPECT_NEAR(plant.battery_voltage_v(), 36 * 13.65, 1.5);
}

TEST(Plant, RuntimeShrinksOnBattery) {
    Plant plant{PlantParameters{}};
    const double full_min = plant.runtime_min();
    EXPECT_GT(full_min, 60);
    plant.fail_mains();
    plant.advance(1200);
    EXPECT_NEAR(plant.runtime_min(), full_min - 20, 15);
}

TEST(Plant, MetersCountWhatFlows) {
    Plant plant{PlantParameters{}};
    const double before_kwh = plant.meter(1).energy_import_kwh;
    double expected_kwh = 0;
    for (int i = 0; i < 360; ++i) {
        plant.advance(10);
        expected_kwh += plant.load_kw() * 10 / 3600;
    }
    EXPECT_NEAR(plant.meter(1).energy_import_kwh - before_kwh, expected_kwh, 1e-6);
    const MeterReading& meter = plant.meter(1);
    double power_w = 0;
    for (std::size_t phase = 0; phase < 3; ++phase) {
        power_w += meter.voltage_v[phase] * meter.current_a[phase] * meter.power_factor;
    }
    EXPECT_NEAR(power_w / 1000, meter.power_kw, 0.01);
}

TEST(Plant, OneLongStepIsTheSameAsManyShortOnes) {
    PlantParameters parameters;
    Plant one{parameters};
    Plant many{parameters};
    one.fail_mains();
    many.fail_mains();
    one.advance(1000);
    for (int i = 0; i < 100; ++i) many.advance(10);
    // The noise of 100 measurements moves the load a little.
    EXPECT_NEAR(one.string(0).mean_soc(), many.string(0).mean_soc(), 1e-3);
}

TEST(LithiumPack, ChargeIsConserved) {
    LithiumPack pack{LithiumParameters{}};
    const double before = pack.soc();
    double through_ah = 0;
    for (int i = 0; i < 600; ++i) {
        pack.discharge(1, 20);
        through_ah += pack.current_a() / 3600;
    }
    EXPECT_LT(through_ah, -5);
    EXPECT_NEAR((pack.soc() - before) * 97, through_ah, 1e-9);
    EXPECT_NEAR(-pack.current_a() * pack.voltage_v(), 20'000, 20);
}

TEST(LithiumPack, ChargesUpToItsCellLimit) {
    LithiumPack pack{LithiumParameters{}};
    for (int i = 0; i < 1800; ++i) pack.discharge(1, 30);
    for (int i = 0; i < 20'000; ++i) {
        pack.charge(1);
        ASSERT_LE(pack.current_a(), LithiumParameters{}.charge_limit_a);
        ASSERT_LE(pack.voltage_v(), 128 * 4.15 + 0.05);
    }
    EXPECT_LT(pack.current_a(), 1);
    EXPECT_GT(pack.soc(), 0.98);
}

TEST(LithiumPack, AnEmptyPackHasNothingToGive) {
    LithiumPack pack{LithiumParameters{}};
    while (pack.available_kw() > 0) pack.discharge(10, 30);
    EXPECT_EQ(pack.stored_kwh(), 0);
    EXPECT_LE(pack.soc(), 0.03);
}

TEST(DischargeCurrent, SolvesTheSourceBehindItsResistance) {
    const auto current_a = discharge_current(480, 0.3, 20'000);
    ASSERT_TRUE(current_a);
    EXPECT_NEAR(-*current_a * (480 + 0.3 * *current_a), 20'000, 1e-6);
    EXPECT_FALSE(discharge_current(480, 0.3, 200'000));
}

}  // namespace
}  // namespace sitepower::sim::plant_test
