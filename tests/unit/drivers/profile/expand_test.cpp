#include "drivers/profile/expand.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "drivers/profile/load.hpp"

namespace sitepower::expand_test {
namespace {

const std::string head = R"(schema = 1
id = "small"
kind = "battery_monitor"
manufacturer = "Maker"
models = ["One"]
poll_ms = { fast = 1000, slow = 60000 }
[defaults]
table = "input"
word_order = "little"
poll = "fast"
invalid_u16 = [0xFFFF]
)";

Profile profile_of(const std::string& rest) {
    schema::Diagnostics diagnostics;
    auto profile = parse_profile(head + rest, "small.toml", diagnostics);
    for (const auto& diagnostic : diagnostics.sorted()) ADD_FAILURE() << to_string(diagnostic);
    return profile.value_or(Profile{});
}

ExpandedDevice device_of(const std::string& rest,
                         const DeviceOptions& options = {
                             .device = {}, .device_id = "MON-01", .unit = 1, .periods = {}}) {
    auto device = expand(profile_of(rest), options);
    EXPECT_TRUE(device);
    return std::move(device).value();
}

const DevicePoint& find(const ExpandedDevice& device, const std::string& name) {
    const auto found = std::ranges::find(device.points, name, &DevicePoint::name);
    if (found == device.points.end()) throw std::out_of_range(name);
    return *found;
}

const std::string jars = R"(
[[groups]]
name = "string{s}.jar{j}"
address = 110
repeat = [{ index = "s", count = 2, stride = 500 }, { index = "j", first = 0, count = 3, stride = 4 }]
[[groups.points]]
name = "voltage_v"
address = 1
scale = 0.001
)";

TEST(Expand, UnrollsNestedGroups) {
    const ExpandedDevice device = device_of(jars);
    ASSERT_EQ(device.points.size(), 6U);
    const DevicePoint& last = find(device, "string2.jar2.voltage_v");
    EXPECT_EQ(last.registers.address, 110 + 500 + 2 * 4 + 1);
    EXPECT_EQ(last.pattern, "string{s}.jar{j}.voltage_v");
    EXPECT_EQ(last.indices, (std::vector<int>{2, 2}));
}

TEST(Expand, FillsInDefaults) {
    const ExpandedDevice device = device_of("[[points]]\nname = \"a\"\naddress = 3\n");
    const auto& registers = find(device, "a").registers;
    EXPECT_EQ(registers.table, modbus::Table::input);
    EXPECT_EQ(registers.word_order, modbus::Order::little);
    EXPECT_EQ(registers.invalid, (std::vector<std::uint64_t>{0xFFFF}));
}

TEST(Expand, AnEmptyListOfSentinelsOverridesTheDefault) {
    const ExpandedDevice device = device_of("[[points]]\nname = \"a\"\naddress = 3\ninvalid = []\n");
    EXPECT_TRUE(find(device, "a").registers.invalid.empty());
}

TEST(Expand, NegativeSentinelsAreTwosComplementOfTheWidth) {
    const ExpandedDevice device =
        device_of("[[points]]\nname = \"a\"\naddress = 3\ntype = \"s32\"\ninvalid = [-1, -2147483648]\n");
    EXPECT_EQ(find(device, "a").registers.invalid, (std::vector<std::uint64_t>{0xFFFFFFFF, 0x80000000}));
}

TEST(Expand, SlotsOfAPollGroupAreContiguousAndCoverAllPoints) {
    const ExpandedDevice device = device_of(
        "[[points]]\nname = \"a\"\naddress = 0\npoll = \"slow\"\n[[points]]\nname = \"b\"\naddress = 1\n"
        "[[points]]\nname = \"c\"\naddress = 2\npoll = \"slow\"\nscale = 0.5\noffset = 2\nunit = \"V\"\n");
    ASSERT_EQ(device.plan.groups.size(), 2U);
    std::uint32_t slot = 0;
    for (const auto& group : device.plan.groups) {
        EXPECT_EQ(group.layout->first_slot, slot);
        ASSERT_EQ(group.layout->points.size(), group.points.size());
        for (std::size_t i = 0; i < group.points.size(); ++i, ++slot) {
            EXPECT_EQ(group.layout->points[i].name, device.points[slot].name);
            EXPECT_EQ(group.points[i].address, device.points[slot].registers.address);
        }
    }
    EXPECT_EQ(slot, device.points.size());
    const auto& c = device.plan.groups[1].layout->points[1];
    EXPECT_EQ(c.name, "c");
    EXPECT_EQ(c.unit, "V");
    EXPECT_EQ(c.scale, 0.5);
    EXPECT_EQ(c.offset, 2);
}

TEST(Expand, PeriodsComeFromTheProfileUnlessTheSiteSaysOtherwise) {
    const ExpandedDevice device = device_of(
        "[[points]]\nname = \"a\"\naddress = 0\n[[points]]\nname = \"b\"\naddress = 1\npoll = \"slow\"\n",
        {.device = DeviceIndex{3}, .device_id = "MON-01", .unit = 9, .periods = {{"fast", Duration{250}}}});
    EXPECT_EQ(device.plan.unit, 9);
    EXPECT_EQ(device.plan.device_id, "MON-01");
    EXPECT_EQ(device.plan.groups[0].layout->period, Duration{250});
    EXPECT_EQ(device.plan.groups[0].layout->device_index, DeviceIndex{3});
    EXPECT_EQ(device.plan.groups[1].layout->period, Duration{60'000});
}

TEST(Expand, RefusesAnUnknownPollGroupAndNamesTheKnownOnes) {
    const auto device =
        expand(profile_of("[[points]]\nname = \"a\"\naddress = 0\n"),
               {.device = {}, .device_id = "MON-01", .unit = 1, .periods = {{"often", Duration{250}}}});
    ASSERT_FALSE(device);
    EXPECT_NE(device.error().message.find("MON-01"), std::string::npos);
    EXPECT_NE(device.error().message.find("fast, slow"), std::string::npos);
}

TEST(Expand, ADischargePositiveCurrentIsTurnedRound) {
    const ExpandedDevice device = device_of(
        "[[points]]\nname = \"battery.current_a\"\naddress = 0\nscale = 0.1\noffset = -3200\n"
        "[sign]\n\"battery.current_a\" = \"discharge_positive\"\n");
    const auto& registers = find(device, "battery.current_a").registers;
    EXPECT_EQ(registers.scale, -0.1);
    EXPECT_EQ(registers.offset, 3200);
}

TEST(Expand, FlagsBecomePointsOfTheirOwn) {
    const ExpandedDevice device = device_of(
        "[[points]]\nname = \"status\"\naddress = 7\ntype = \"u32\"\nbits = [{ bit = 1, name = "
        "\"on_battery\", "
        "alarm = \"warning\" }, { bit = 20, name = \"overload\" }]\n");
    ASSERT_EQ(device.points.size(), 2U);
    EXPECT_EQ(find(device, "on_battery").alarm, "warning");
    EXPECT_EQ(find(device, "overload").registers.mask, std::uint64_t{1} << 20);
    EXPECT_EQ(find(device, "overload").registers.shift, 20);
}

TEST(Expand, ScaleFactorsAreFoundInTheElementFirst) {
    const ExpandedDevice device = device_of(R"(
[[points]]
name = "sf"
address = 5
type = "sunssf"
[[points]]
name = "a"
address = 6
sf = "sf"
[[groups]]
name = "m{i}"
address = 100
repeat = [{ index = "i", count = 2, stride = 10 }]
[[groups.points]]
name = "sf"
address = 9
type = "sunssf"
[[groups.points]]
name = "a"
address = 0
sf = "sf"
)");
    ASSERT_EQ(device.points.size(), 3U);
    EXPECT_EQ(find(device, "a").registers.scale_factor->address, 5);
    EXPECT_EQ(find(device, "m2.a").registers.scale_factor->address, 119);
}

TEST(Expand, TimingAndLimitsGoIntoThePlan) {
    const ExpandedDevice device = device_of(
        "[[points]]\nname = \"a\"\naddress = 0\n[limits]\nmax_registers = 26\nbarriers = [40]\n"
        "[timing]\nretries = 3\nframe_gap_ms = 35\n");
    EXPECT_EQ(device.plan.limits.max_registers, 26);
    EXPECT_EQ(device.plan.limits.barriers, (std::vector<std::uint16_t>{40}));
    EXPECT_EQ(device.plan.timing.retries, 3);
    EXPECT_EQ(device.plan.timing.frame_gap, Duration{35});
}

}  // namespace
}  // namespace sitepower::expand_test
