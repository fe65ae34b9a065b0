#include "drivers/sim/played_battery.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <stdexcept>

#include "drivers/profile/place.hpp"
#include "drivers/sim/simulated_site.hpp"

namespace sitepower::sim::played_battery_test {
namespace {

using testing::HasSubstr;

Profile profile() {
    return require_profile(SITEPOWER_SOURCE_DIR "/config/devices", "sim-played");
}

Recording two_rows() {
    return {
        .rows = {{.elapsed_s = 0, .voltage_v = 12.9, .current_a = -3, .temperature_c = 23.4, .charge_ah = 0},
                 {.elapsed_s = 60, .voltage_v = 12.6, .current_a = -3.04}}};
}

class PlayedBatteryTest : public testing::Test {
  protected:
    // As a reader decodes it; NaN: not available.
    float value(std::string_view name) {
        for (const PlacedPoint& placed : place_points(profile_)) {
            if (placed.point.name != name) continue;
            const auto words =
                battery_.unit().bank.read(modbus::Table::holding, placed.point.registers.address, 2);
            const std::uint32_t bits = static_cast<std::uint32_t>((*words)[0]) << 16 | (*words)[1];
            return std::bit_cast<float>(bits);
        }
        ADD_FAILURE() << name;
        return 0;
    }

    Profile profile_ = profile();
    Server server_;
    PlayedBattery battery_{two_rows(), profile_, 0, std::chrono::microseconds(0), server_};
};

TEST_F(PlayedBatteryTest, AnswersAsTheBatteryDid) {
    EXPECT_EQ(value("voltage_v"), 12.9F);
    EXPECT_EQ(value("current_a"), -3.0F);
    EXPECT_EQ(value("temperature_c"), 23.4F);
    battery_.advance(59.5);
    EXPECT_EQ(value("voltage_v"), 12.9F);
    battery_.advance(1);
    EXPECT_EQ(value("elapsed_s"), 60.0F);
    EXPECT_EQ(value("voltage_v"), 12.6F);
    EXPECT_EQ(value("current_a"), -3.04F);
    EXPECT_TRUE(std::isnan(value("temperature_c"))) << "what the file does not say is not available";
    EXPECT_TRUE(std::isnan(value("charge_ah")));
}

TEST_F(PlayedBatteryTest, IsOffTheBusAtTheEnd) {
    battery_.advance(119);
    EXPECT_FALSE(battery_.is_over());
    battery_.advance(2);
    EXPECT_TRUE(battery_.is_over());
    battery_.advance(100);
    EXPECT_EQ(value("voltage_v"), 12.6F);
}

TEST_F(PlayedBatteryTest, SaysWhatListensWhereAndHowASiteNamesIt) {
    const auto lines = battery_.description();
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_THAT(lines[0], HasSubstr("127.0.0.1:" + std::to_string(server_.port(0))));
    EXPECT_THAT(lines[0], HasSubstr("2 rows, 120 s"));
    EXPECT_THAT(lines[1], HasSubstr("current = \"PLAY-01/current_a\""));
}

TEST(PlayedBattery, AnotherProfileIsRefused) {
    Server server;
    const auto other = require_profile(SITEPOWER_SOURCE_DIR "/config/devices", "sim-jar");
    EXPECT_THROW(PlayedBattery(two_rows(), other, 0, std::chrono::microseconds(0), server),
                 std::runtime_error);
}

}  // namespace
}  // namespace sitepower::sim::played_battery_test
