#include "drivers/sim/vrla_string.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace sitepower::sim::vrla_string_test {
namespace {

VrlaString fresh_string() {
    Noise noise(7);
    return VrlaString(VrlaParameters{}, noise);
}

double stored_ah(const VrlaString& string) {
    double sum = 0;
    for (const Jar& jar : string.jars()) sum += jar.soc * jar.capacity_ah + jar.gassed_ah;
    return sum;
}

TEST(VrlaString, FloatsAtItsFloatVoltageWithASmallCurrent) {
    const VrlaString string = fresh_string();
    EXPECT_NEAR(string.voltage_v(), 36 * 13.65, 1.0);
    EXPECT_GT(string.current_a(), 0.01);
    EXPECT_LT(string.current_a(), 0.2);
}

TEST(VrlaString, JarsDifferALittle) {
    const VrlaString string = fresh_string();
    double lowest = 1e9;
    double highest = 0;
    for (const Jar& jar : string.jars()) {
        lowest = std::min(lowest, ohmic_resistance(jar));
        highest = std::max(highest, ohmic_resistance(jar));
        EXPECT_NEAR(jar.measured_voltage_v, 13.65, 0.12);
    }
    EXPECT_GT(highest, lowest * 1.02);
    EXPECT_LT(highest, lowest * 1.25);
}

TEST(VrlaString, VoltageFallsAllTheTimeUnderASteadyLoad) {
    VrlaString string = fresh_string();
    string.discharge(1, -40);
    double before = string.voltage_v();
    for (int i = 0; i < 5400; ++i) {
        string.discharge(1, -40);
        ASSERT_LT(string.voltage_v(), before) << "after " << i << " s";
        before = string.voltage_v();
    }
}

TEST(VrlaString, NoChargeAppearsOrVanishes) {
    VrlaString string = fresh_string();
    double through_ah = 0;
    const double before = stored_ah(string);
    for (int i = 0; i < 1800; ++i) {
        string.discharge(2, -50);
        through_ah += -50.0 * 2 / 3600;
    }
    for (int i = 0; i < 4000; ++i) {
        string.charge(5);
        through_ah += string.current_a() * 5 / 3600;
    }
    EXPECT_NEAR(stored_ah(string) - before, 36 * through_ah, 1e-6);
}

TEST(VrlaString, StateOfChargeCountsTheDischargedCharge) {
    VrlaString string = fresh_string();
    for (int i = 0; i < 360; ++i) string.discharge(10, -25);
    for (const Jar& jar : string.jars()) EXPECT_NEAR(jar.soc, 1 - 25.0 / jar.capacity_ah, 1e-9);
}

TEST(VrlaString, RechargesWithinItsLimitAndReturnsToFloat) {
    VrlaString string = fresh_string();
    for (int i = 0; i < 360; ++i) string.discharge(10, -40);
    string.charge(10);
    EXPECT_LE(string.current_a(), VrlaParameters{}.charge_limit_a);
    EXPECT_GT(string.current_a(), 10);
    double highest_v = 0;
    for (int i = 0; i < 24 * 360; ++i) {
        string.charge(10);
        highest_v = std::max(highest_v, string.voltage_v());
    }
    EXPECT_LT(highest_v, 36 * 13.75);
    EXPECT_NEAR(string.voltage_v(), 36 * 13.65, 1.0);
    EXPECT_GT(string.mean_soc(), 0.999);
    EXPECT_LT(string.current_a(), 0.3);
}

TEST(VrlaString, DischargeWarmsTheJarsAndRestCoolsThem) {
    VrlaString string = fresh_string();
    const double cool_c = string.jars()[0].temperature_c;
    for (int i = 0; i < 360; ++i) string.discharge(10, -60);
    const double warm_c = string.jars()[0].temperature_c;
    EXPECT_GT(warm_c, cool_c + 1);
    for (int i = 0; i < 6000; ++i) string.discharge(10, 0);
    EXPECT_LT(string.jars()[0].temperature_c, cool_c + 0.5);
}

TEST(VrlaString, AHeldTemperatureStaysUntilItIsReleased) {
    VrlaString string = fresh_string();
    string.hold_temperature(6, 48.0);
    string.charge(10);
    EXPECT_EQ(string.jars()[6].temperature_c, 48.0);
    EXPECT_LT(string.jars()[5].temperature_c, 30.0);
    string.hold_temperature(6, std::nullopt);
    for (int i = 0; i < 20'000; ++i) string.charge(10);
    EXPECT_LT(string.jars()[6].temperature_c, 26.0);
}

TEST(VrlaString, AnAgedJarHasMoreResistanceLessCapacityAndSagsFirst) {
    VrlaString string = fresh_string();
    const Jar before = string.jars()[6];
    string.age(6, 1.6);
    EXPECT_NEAR(string.jars()[6].resistance_ohm, 1.6 * before.resistance_ohm, 1e-12);
    EXPECT_NEAR(string.jars()[6].capacity_ah, 0.7 * before.capacity_ah, 1e-9);
    for (int i = 0; i < 180; ++i) string.discharge(10, -60);
    const auto voltage = [&](std::size_t i) {
        const Jar& jar = string.jars()[i];
        return rest_voltage(jar) + jar.polarisation_v - 60 * ohmic_resistance(jar);
    };
    EXPECT_LT(voltage(6), voltage(5) - 0.2);
}

TEST(VrlaString, AgeingIsCountedFromTheNewJar) {
    VrlaString string = fresh_string();
    const double resistance_ohm = string.jars()[0].resistance_ohm;
    const double capacity_ah = string.jars()[0].capacity_ah;
    string.age(0, 2.0);
    string.age(0, 1.0);
    EXPECT_NEAR(string.jars()[0].resistance_ohm, resistance_ohm, 1e-12);
    EXPECT_NEAR(string.jars()[0].capacity_ah, capacity_ah, 1e-9);
}

TEST(VrlaString, ResistanceFallsWithTemperatureAndRisesWhenEmpty) {
    Jar jar;
    const double normal_ohm = ohmic_resistance(jar);
    jar.temperature_c = 40;
    EXPECT_LT(ohmic_resistance(jar), normal_ohm);
    jar.temperature_c = 25;
    jar.soc = 0.1;
    EXPECT_GT(ohmic_resistance(jar), normal_ohm * 1.3);
}

TEST(VrlaString, RestVoltageIsThePublishedTable) {
    Jar jar;
    EXPECT_DOUBLE_EQ(rest_voltage(jar), 12.98);
    jar.soc = 0.5;
    EXPECT_DOUBLE_EQ(rest_voltage(jar), 12.12);
    jar.soc = 0.45;
    EXPECT_NEAR(rest_voltage(jar), (11.99 + 12.12) / 2, 1e-9);
}

}  // namespace
}  // namespace sitepower::sim::vrla_string_test
