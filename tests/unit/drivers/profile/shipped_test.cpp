// What holds for the profiles that a package installs.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "drivers/modbus/decode.hpp"
#include "drivers/modbus/planner.hpp"
#include "drivers/profile/expand.hpp"
#include "drivers/profile/load.hpp"

namespace sitepower::shipped_test {
namespace {

std::vector<std::filesystem::path> shipped_files() {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(SITEPOWER_SOURCE_DIR "/config/devices")) {
        if (entry.path().extension() == ".toml") files.push_back(entry.path());
    }
    std::ranges::sort(files);
    return files;
}

Profile load(const std::filesystem::path& file) {
    schema::Diagnostics diagnostics;
    auto profile = load_profile(file, diagnostics);
    for (const auto& diagnostic : diagnostics.sorted()) ADD_FAILURE() << to_string(diagnostic);
    return profile.value_or(Profile{});
}

ExpandedDevice device_of(const std::string& id) {
    auto device = expand(load(SITEPOWER_SOURCE_DIR "/config/devices/" + id + ".toml"),
                         {.device = {}, .device_id = "X-01", .unit = 1, .periods = {}});
    EXPECT_TRUE(device);
    return std::move(device).value();
}

const DevicePoint* find(const ExpandedDevice& device, const std::string& name) {
    const auto found = std::ranges::find(device.points, name, &DevicePoint::name);
    return found != device.points.end() ? &*found : nullptr;
}

std::string text_of(const std::filesystem::path& file) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
}

// The engine and the site configuration find these by name.
TEST(ShippedProfiles, HaveTheNamesThatTheEngineReliesOn) {
    const std::map<std::string, std::vector<std::string>> names{
        {"sim-ups",
         {"on_battery", "input.voltage_v", "output.load_kw", "output.load_pct", "battery.voltage_v",
          "battery.current_a", "battery.runtime_min", "battery.charge_pct", "battery.temperature_c"}},
        {"sim-battery-monitor",
         {"string1.current_a", "string2.voltage_v", "string2.ambient_c", "string1.jar1.voltage_v",
          "string2.jar36.temperature_c", "string2.jar36.internal_resistance_ohm"}},
        {"sim-bms",
         {"pack.voltage_v", "pack.current_a", "pack.soc_pct", "pack.soh_pct", "pack.temperature_c",
          "cell.max_voltage_v", "cell.min_voltage_v"}},
        {"sim-meter", {"power_kw", "energy_import_kwh", "voltage_l1_v", "current_l1_a", "frequency_hz"}},
        {"eastron-sdm630", {"power_kw", "energy_import_kwh", "voltage_l1_v", "current_l1_a", "frequency_hz"}},
        {"schneider-iem3000",
         {"power_kw", "energy_import_kwh", "voltage_l1_v", "current_l1_a", "frequency_hz"}},
    };
    for (const auto& [id, points] : names) {
        const ExpandedDevice device = device_of(id);
        for (const std::string& name : points) EXPECT_NE(find(device, name), nullptr) << id << " " << name;
    }
}

TEST(ShippedProfiles, NamesEndWithTheirUnit) {
    const std::map<std::string, std::string> endings{{"V", "_v"},     {"A", "_a"},     {"Cel", "_c"},
                                                     {"Ohm", "_ohm"}, {"%", "_pct"},   {"kW", "_kw"},
                                                     {"Hz", "_hz"},   {"kWh", "_kwh"}, {"min", "_min"}};
    for (const auto& file : shipped_files()) {
        for (const PlacedPoint& placed : place_points(load(file))) {
            const auto ending = endings.find(placed.point.unit);
            if (ending == endings.end()) continue;
            EXPECT_TRUE(placed.point.name.ends_with(ending->second))
                << file.stem() << " " << placed.point.name;
        }
    }
}

TEST(ShippedProfiles, ReadingPlansKeepTheDevicesLimits) {
    for (const auto& file : shipped_files()) {
        const Profile profile = load(file);
        const auto device = expand(profile, {});
        ASSERT_TRUE(device);
        for (const auto& group : device->plan.groups) {
            const auto blocks = modbus::plan_reads(group.points, profile.limits);
            ASSERT_TRUE(blocks) << file.stem() << ": " << blocks.error().message;
            for (const auto& block : *blocks) EXPECT_LE(block.count, profile.limits.max_registers);
            // A few requests for what is read often; cells that lie 100 registers apart are read seldom.
            const std::size_t most = group.layout->period < Duration{5000} ? 12U : 130U;
            EXPECT_LE(blocks->size(), most) << file.stem() << " " << group.layout->group;
        }
    }
}

TEST(ShippedProfiles, SayWhereTheyComeFrom) {
    for (const auto& file : shipped_files()) {
        EXPECT_FALSE(load(file).reference.empty()) << file.stem();
        EXPECT_TRUE(text_of(file).starts_with("#")) << file.stem();
        EXPECT_NE(text_of(file).find("Source:"), std::string::npos) << file.stem();
    }
}

TEST(ShippedProfiles, EastronIsReadByItsManual) {
    const ExpandedDevice device = device_of("eastron-sdm630");
    const DevicePoint* voltage = find(device, "voltage_l1_v");
    ASSERT_NE(voltage, nullptr);
    EXPECT_EQ(voltage->registers.table, modbus::Table::input);
    EXPECT_EQ(voltage->registers.address, 0);  // 30001
    // 0x43664CCD is 230.3.
    const std::vector<std::uint16_t> words{0x4366, 0x4CCD};
    EXPECT_NEAR(modbus::PointDecoder(voltage->registers, 0).decode(words).value, 230.3, 1e-4);
    const DevicePoint* power = find(device, "power_kw");
    ASSERT_NE(power, nullptr);
    EXPECT_EQ(power->registers.address, 52);  // 30053, in W
    EXPECT_EQ(power->registers.scale, 0.001);
}

TEST(ShippedProfiles, SchneiderCountsInWattHours) {
    const ExpandedDevice device = device_of("schneider-iem3000");
    const DevicePoint* energy = find(device, "energy_import_kwh");
    ASSERT_NE(energy, nullptr);
    EXPECT_EQ(energy->registers.address, 3203);  // document: 3204
    const std::vector<std::uint16_t> words{0, 0, 0x0001, 0xE240};
    EXPECT_NEAR(modbus::PointDecoder(energy->registers, 3203).decode(words).value, 123.456, 1e-9);
    EXPECT_EQ(find(device, "power_kw")->registers.scale, 1.0);  // kW already
}

// Whoever edits a profile by hand loses a line now and then: the answer is a profile or a message with a
// line.
TEST(ShippedProfiles, EveryLostLineIsAnswered) {
    for (const auto& file : shipped_files()) {
        const std::string text = text_of(file);
        std::size_t line = std::hash<std::string>{}(file.stem());  // every eighth line, others in each file
        for (std::size_t begin = 0; begin < text.size(); ++line) {
            const std::size_t end = text.find('\n', begin) + 1;
            if (line % 8 != 0) {
                begin = end;
                continue;
            }
            schema::Diagnostics diagnostics;
            const auto profile =
                parse_profile(text.substr(0, begin) + text.substr(end), "lost.toml", diagnostics);
            EXPECT_EQ(profile.has_value(), diagnostics.empty());
            for (const auto& diagnostic : diagnostics.sorted()) {
                EXPECT_GT(diagnostic.at.line, 0) << to_string(diagnostic);
                EXPECT_EQ(diagnostic.at.file, "lost.toml");
            }
            begin = end;
        }
    }
}

}  // namespace
}  // namespace sitepower::shipped_test
