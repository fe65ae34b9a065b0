#include "drivers/sim/served_device.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "drivers/modbus/decode.hpp"
#include "drivers/profile/load.hpp"

namespace sitepower::sim::served_device_test {
namespace {

Profile shipped(const std::string& id) {
    schema::Diagnostics diagnostics;
    auto profile = load_profile(SITEPOWER_SOURCE_DIR "/config/devices/" + id + ".toml", diagnostics);
    for (const auto& diagnostic : diagnostics.sorted()) ADD_FAILURE() << to_string(diagnostic);
    return profile.value_or(Profile{});
}

modbus::Reading read(ServedDevice& device, const std::string& name) {
    const auto point = std::ranges::find(device.points(), name, &DevicePoint::name);
    if (point == device.points().end()) throw std::out_of_range(name);
    const auto& registers = point->registers;
    // All shipped scale factors stand right behind their value.
    const int count = registers.registers() + (registers.scale_factor ? 1 : 0);
    const auto words = device.unit().bank.read(registers.table, registers.address, count);
    if (!words) throw std::out_of_range("registers of " + name);
    return modbus::PointDecoder(registers, registers.address).decode(*words);
}

class Served : public testing::TestWithParam<const char*> {};

// So that a point that is added to a profile without a source in the plant is noticed here, not by a user.
TEST_P(Served, EveryPointIsMeasured) {
    const Profile profile = shipped(GetParam());
    const Plant plant{PlantParameters{}};
    ServedDevice device(profile, "X-01", 1, 0);
    device.refresh(plant);
    for (const DevicePoint& point : device.points()) {
        EXPECT_EQ(read(device, point.name).quality, Quality::good) << point.name;
    }
}

INSTANTIATE_TEST_SUITE_P(Profiles, Served,
                         testing::Values("sim-ups", "sim-battery-monitor", "sim-bms", "sim-inverter",
                                         "sim-meter"),
                         [](const auto& profile) {
                             std::string name = profile.param;
                             std::ranges::replace(name, '-', '_');
                             return name;
                         });

TEST(ServedDevice, AProfileWithAnUnknownPointIsRefused) {
    Profile profile = shipped("sim-ups");
    profile.points[1].name = "mood";
    try {
        const ServedDevice device(profile, "UPS-01", 1, 0);
        FAIL() << "accepted";
    } catch (const std::runtime_error& error) {
        EXPECT_NE(std::string(error.what()).find("\"mood\""), std::string::npos);
    }
}

TEST(ServedDevice, UpsTellsOfTheOutage) {
    Plant plant{PlantParameters{}};
    ServedDevice ups(shipped("sim-ups"), "UPS-01", 1, 0);
    ups.refresh(plant);
    EXPECT_EQ(read(ups, "on_battery").value, 0);
    EXPECT_EQ(read(ups, "on_line").value, 1);
    EXPECT_NEAR(read(ups, "output.load_kw").value, plant.load_kw(), 0.01);

    plant.fail_mains();
    plant.advance(30);
    ups.refresh(plant);
    EXPECT_EQ(read(ups, "on_battery").value, 1);
    EXPECT_EQ(read(ups, "on_line").value, 0);
    EXPECT_EQ(read(ups, "mode").value, 4);
    EXPECT_LT(read(ups, "battery.current_a").value, -50);
    EXPECT_EQ(read(ups, "input.frequency_hz").quality, Quality::not_implemented);
}

TEST(ServedDevice, MonitorMeasuresNoResistanceDuringDischarge) {
    Plant plant{PlantParameters{}};
    ServedDevice monitor(shipped("sim-battery-monitor"), "MON-01", 1, 0);
    plant.string(1).hold_temperature(6, 48.0);
    plant.advance(1);
    monitor.refresh(plant);
    EXPECT_NEAR(read(monitor, "string2.jar7.temperature_c").value, 48, 0.5);
    EXPECT_NEAR(read(monitor, "string2.jar7.internal_resistance_ohm").value, 0.0045, 0.0008);
    EXPECT_NEAR(read(monitor, "string1.voltage_v").value, plant.string(0).voltage_v(), 0.051);

    plant.fail_mains();
    plant.advance(5);
    monitor.refresh(plant);
    EXPECT_EQ(read(monitor, "string2.jar7.internal_resistance_ohm").quality, Quality::not_implemented);
    EXPECT_NEAR(read(monitor, "string2.current_a").value, plant.string(1).current_a(), 0.0051);
}

TEST(ServedDevice, MetersShowTheirOwnSideOfTheUps) {
    Plant plant{PlantParameters{}};
    const Profile profile = shipped("sim-meter");
    ServedDevice incoming(profile, "MTR-01", 1, 0);
    ServedDevice outgoing(profile, "MTR-02", 2, 1);
    plant.fail_mains();
    plant.advance(1);
    incoming.refresh(plant);
    outgoing.refresh(plant);
    EXPECT_EQ(read(incoming, "power_kw").value, 0);
    EXPECT_EQ(read(incoming, "frequency_hz").quality, Quality::not_implemented);
    EXPECT_NEAR(read(outgoing, "power_kw").value, plant.load_kw(), 0.01);
    EXPECT_NEAR(read(outgoing, "energy_import_kwh").value, plant.meter(1).energy_import_kwh, 0.001);
}

TEST(ServedDevice, TextsHoldTheDevicesName) {
    ServedDevice ups(shipped("sim-ups"), "UPS-01", 1, 0);
    const auto words = ups.unit().bank.read(modbus::Table::holding, 48, 8);
    ASSERT_TRUE(words);
    EXPECT_EQ((*words)[0], 'U' << 8 | 'P');
    EXPECT_EQ((*words)[2], '0' << 8 | '1');
    EXPECT_EQ((*words)[3], 0);
}

}  // namespace
}  // namespace sitepower::sim::served_device_test
