#include "core/site/wiring.hpp"

#include <gtest/gtest.h>

#include "tests/unit/core/site/small_site.hpp"

namespace sitepower::wiring_test {
namespace {

class WiringTest : public testing::Test {
  protected:
    WiringTest() {
        DeviceBuilder ups(model_, "UPS-01", DeviceKind::ups);
        DeviceBuilder monitor(model_, "MON-01");
        model_.upses.resize(1);
        model_.upses[0].on_battery = ups.point("on_battery");
        model_.strings.resize(1);
        model_.strings[0].current_a = ups.point("battery_current_a");
        model_.batteries.resize(2);
        monitor.point("unused");
        model_.batteries[0].voltage_v = monitor.point("jar1.voltage_v");
        model_.batteries[1].voltage_v = monitor.point("jar2.voltage_v");
        // One sensor for both.
        model_.batteries[0].temperature_c = model_.batteries[1].temperature_c = monitor.point("room_c");
        model_.strings[0].batteries = {BatteryIndex{0}, static_cast<BatteryIndex>(1)};
    }
    SiteModel model_;
};

constexpr DeviceIndex ups{0};
constexpr DeviceIndex monitor{1};

TEST_F(WiringTest, FindsTheFeedsOfAnyRangeOfPoints) {
    const Wiring wiring(model_);
    ASSERT_EQ(wiring.feeds(monitor, 0, 4).size(), 4U);
    EXPECT_TRUE(wiring.feeds(monitor, 0, 1).empty());
    const auto jar2 = wiring.feeds(monitor, 2, 1);
    ASSERT_EQ(jar2.size(), 1U);
    EXPECT_EQ(jar2[0].quantity, Quantity::battery_voltage_v);
    EXPECT_EQ(jar2[0].part, 1U);
    EXPECT_EQ(wiring.feeds(monitor, 3, 1).size(), 2U) << "one point may feed several parts";
    EXPECT_TRUE(wiring.feeds(monitor, 4, 0).empty());
    EXPECT_EQ(wiring.feeds(ups, 0, 2).size(), 2U);
}

TEST_F(WiringTest, CountsBatteriesElseStrings) {
    const Wiring wiring(model_);
    EXPECT_EQ(wiring.affected(monitor), 2U);
    EXPECT_EQ(wiring.affected(ups), 1U) << "no battery's own measurement, but the current of one string";
}

TEST_F(WiringTest, IgnoresPointsThatDoNotExist) {
    model_.batteries[0].voltage_v = PointRef{monitor, 99};
    model_.batteries[1].voltage_v = PointRef{static_cast<DeviceIndex>(9), 0};
    const Wiring wiring(model_);
    EXPECT_EQ(wiring.feeds(monitor, 0, 4).size(), 2U);
}

}  // namespace
}  // namespace sitepower::wiring_test
