// What a profile can say beyond plain points, from its text to the value: devices of families that nobody
// here has seen, described by a profile alone.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "drivers/modbus/planner.hpp"
#include "drivers/profile/expand.hpp"
#include "drivers/profile/load.hpp"
#include "drivers/profile/snapshot.hpp"

namespace sitepower::features_test {
namespace {

using testing::HasSubstr;

constexpr const char* head = R"(
schema = 1
id = "small"
kind = "other"
manufacturer = "Maker"
models = ["One"]
poll_ms = { fast = 1000, slow = 60000 }
defaults = { poll = "fast" }
)";

Profile parse(const std::string& rest) {
    schema::Diagnostics diagnostics;
    auto profile = parse_profile(head + rest, "small.toml", diagnostics);
    for (const auto& diagnostic : diagnostics.sorted()) ADD_FAILURE() << to_string(diagnostic);
    return profile.value_or(Profile{});
}

std::string errors_of(const std::string& rest) {
    schema::Diagnostics diagnostics;
    parse_profile(head + rest, "small.toml", diagnostics);
    std::string all;
    for (const auto& diagnostic : diagnostics.sorted()) all += to_string(diagnostic) + "\n";
    return all;
}

struct Block {
    int address;
    std::vector<std::uint16_t> words;
    modbus::Table table = modbus::Table::holding;
    int unit = own_unit;
};

RegisterImage image_of(const std::vector<Block>& blocks) {
    RegisterImage image;
    for (const Block& block : blocks) {
        for (std::size_t i = 0; i < block.words.size(); ++i) {
            image.set(block.unit, block.table, block.address + static_cast<int>(i), block.words[i]);
        }
    }
    return image;
}

class Values {
  public:
    Values(const Profile& profile, const std::vector<Block>& blocks)
        : all_(snapshot(profile, image_of(blocks))) {}

    const SnapshotValue& operator[](const std::string& name) const {
        static const SnapshotValue none;
        const auto found = std::ranges::find(all_, name, [](const auto& value) { return value.point.name; });
        if (found == all_.end()) ADD_FAILURE() << "no point " << name;
        return found != all_.end() ? *found : none;
    }
    void expect(const std::string& name, double value) const {
        EXPECT_EQ((*this)[name].quality, Quality::good) << name;
        EXPECT_EQ((*this)[name].value, value) << name;
    }
    void expect_reason(const std::string& name, Quality quality) const {
        EXPECT_EQ((*this)[name].quality, quality) << name;
        EXPECT_EQ((*this)[name].value, 0) << name;
    }
    bool has(const std::string& name) const {
        return std::ranges::any_of(all_, [&](const auto& value) { return value.point.name == name; });
    }

  private:
    std::vector<SnapshotValue> all_;
};

// A hybrid inverter: input and holding registers, low words first, texts, packed version, clock, energy in
// two parts, strings of panels, enum with states.
constexpr const char* hybrid = R"(
points = [
    { name = "serial", address = 0, type = "string", length = 5 },
    { name = "version.major", address = 7, byte = "high" },
    { name = "version.minor", address = 7, byte = "low" },
    { name = "clock", address = 10, type = "datetime", fields = "YY-M-D-h-m-s" },
    { name = "grid.power_kw", table = "input", address = 73, type = "s32", word_order = "little", scale = 0.001, unit = "kW" },
    { name = "grid.frequency_hz", table = "input", address = 75, scale = 0.01, unit = "Hz", range = [40, 70] },
    { name = "energy.mwh", table = "input", address = 80, type = "u32", publish = false },
    { name = "energy.wh", table = "input", address = 82, type = "u32", publish = false },
    { name = "energy.total_kwh", table = "input", address = 84, type = "u64", scale = 0.001, unit = "kWh" },
    { name = "run.days", table = "input", address = 90, publish = false },
    { name = "run.hours", table = "input", address = 91, publish = false },
    { name = "temperature_c", table = "input", address = 92, scale = 0.1, offset = -40, unit = "Cel", invalid = [0xFFFF] },
    { name = "mode", table = "input", address = 95, mask = 0x0F00, shift = 8, enum = { 0 = "wait", 1 = "run", 3 = "fault" }, states = [
        { values = [3], name = "fault", label = "Fault", alarm = "critical" },
      ] },
    { name = "battery.current_a", table = "input", address = 96, type = "s16", scale = 0.01, unit = "A" },
    { name = "battery.voltage_v", table = "input", address = 97, scale = 0.01, unit = "V" },
]
derived = [
    { name = "energy_kwh", op = "sum", of = ["energy.mwh", "energy.wh"], weights = [1000, 0.001], unit = "kWh" },
    { name = "run_h", op = "sum", of = ["run.days", "run.hours"], weights = [24, 1], unit = "h" },
    { name = "battery.power_kw", op = "mul", of = ["battery.voltage_v", "battery.current_a"], scale = 0.001, unit = "kW" },
    { name = "pv.power_kw", op = "sum", of = ["pv{s}.power_kw"], unit = "kW" },
]
sign = { "battery.current_a" = "discharge_positive" }
[[groups]]
name = "pv{s}"
address = 200
repeat = [{ index = "s", count = 3, stride = 2 }]
points = [
    { name = "voltage_v", table = "input", address = 0, scale = 0.1, unit = "V" },
    { name = "current_a", table = "input", address = 1, scale = 0.1, unit = "A" },
]
derived = [
    { name = "power_kw", op = "mul", of = ["voltage_v", "current_a"], scale = 0.001, unit = "kW" },
]
)";

TEST(ProfileFeatures, AHybridInverterDecodesExactly) {
    using modbus::Table;
    // Derived values are worked out in the order of the file, groups first.
    const Values values(parse(hybrid), {{0, {0x5341, 0x4D50, 0x4C45, 0x3031, 0x0000, 0, 0, 0x0217}},
                                        {10, {2026, 11, 26, 1, 2, 3}},
                                        {73, {64557, 65535, 4999}, Table::input},
                                        {80, {0, 12, 0x0001, 0xE240, 0, 0, 4, 1}, Table::input},
                                        {90, {10, 5, 653}, Table::input},
                                        {95, {0xA3FF, 1234, 5121}, Table::input},
                                        {200, {3501, 52, 3498, 49, 0, 0}, Table::input}});
    EXPECT_EQ(values["serial"].text, "SAMPLE01");
    values.expect("version.major", 2);
    values.expect("version.minor", 23);
    EXPECT_EQ(values["clock"].text, "2026-11-26T01:02:03");
    values.expect("grid.power_kw", -0.979);
    values.expect("grid.frequency_hz", 49.99);
    values.expect("energy_kwh", 12123.456);
    values.expect("energy.total_kwh", 262.145);
    values.expect("run_h", 245);
    values.expect("temperature_c", 25.3);
    values.expect("mode", 3);
    values.expect("fault", 1);
    values.expect("battery.current_a", -12.34);
    values.expect("battery.power_kw", -0.6319314);
    values.expect("pv1.power_kw", 1.82052);
    values.expect("pv.power_kw", 3.534540);
    EXPECT_FALSE(values.has("energy.mwh"));
}

TEST(ProfileFeatures, SentinelsRangesAndBrokenDatesAreNeverNumbers) {
    const Values values(parse(hybrid), {{10, {2026, 13, 26, 1, 2, 3}},
                                        {73, {0, 0, 8000}, modbus::Table::input},
                                        {92, {0xFFFF}, modbus::Table::input}});
    values.expect_reason("clock", Quality::out_of_range);
    values.expect_reason("grid.frequency_hz", Quality::out_of_range);
    values.expect_reason("temperature_c", Quality::not_implemented);
    values.expect_reason("battery.power_kw", Quality::comm_error);
}

TEST(ProfileFeatures, ScaleFactorsComeFromTheSameAnswer) {
    const Profile profile = parse(R"(
points = [
    { name = "power_kw", address = 10, type = "s16", scale = 0.001, sf = "sf", unit = "kW" },
    { name = "sf", address = 14, type = "sunssf" },
    { name = "factor", address = 20, poll = "slow" },
    { name = "voltage_v", address = 22, scale_ref = { point = "factor", map = { 0 = 1, 1 = 0.1 } }, unit = "V" },
    { name = "charge_pct", address = 30, scale_shift = 9, unit = "%" },
]
)");
    const Values values(profile, {{10, {543, 0, 0, 0, 65535}}, {20, {1, 0, 5412}}, {30, {51200}}});
    values.expect("power_kw", 0.0543);
    values.expect("voltage_v", 541.2);
    values.expect("charge_pct", 100);
    const Values odd(profile, {{10, {543, 0, 0, 0, 0x8000}}, {20, {7, 0, 5412}}});
    odd.expect_reason("power_kw", Quality::invalid_scale);
    odd.expect_reason("voltage_v", Quality::invalid_scale);
    const auto device = expand(profile, {});
    ASSERT_TRUE(device);
    const auto& fast = device->plan.groups.at(0);
    const auto blocks = modbus::plan_reads(fast.points, device->plan.limits);
    ASSERT_TRUE(blocks);
    EXPECT_EQ(blocks->front().address, 10);
    EXPECT_GE(blocks->front().count, 13);
}

// A direction bit, a sign beside its magnitude, the number of decimals in a byte.
TEST(ProfileFeatures, APartOfARegisterChoosesSignOrScale) {
    const Profile profile = parse(R"(
points = [
    { name = "status.discharging", address = 10, bit = 2, publish = false },
    { name = "battery.power_kw", address = 11, scale = 0.01, scale_ref = { point = "status.discharging", map = { 0 = 1, 1 = -1 } }, unit = "kW" },
    { name = "is_export", address = 20, bit = 15, publish = false },
    { name = "meter.power_kw", address = 20, mask = 0x7FFF, scale_ref = { point = "is_export", map = { 0 = 1, 1 = -1 } }, unit = "kW" },
    { name = "decimals", address = 30, type = "s16", byte = "low" },
    { name = "energy_kwh", address = 31, scale_ref = { point = "decimals", map = { 0 = 1, -1 = 0.1, -2 = 0.01 } }, unit = "kWh" },
]
)");
    const Values values(profile, {{10, {0xFFFF, 1234}}, {20, {0x8064}}, {30, {0x07FF, 4321}}});
    values.expect("battery.power_kw", -12.34);
    values.expect("meter.power_kw", -100);
    values.expect("energy_kwh", 432.1);
    const Values other(profile, {{10, {0xFFFB, 1234}}, {20, {0x0064}}, {30, {0x0703, 4321}}});
    other.expect("battery.power_kw", 12.34);
    other.expect("meter.power_kw", 100);
    other.expect_reason("energy_kwh", Quality::invalid_scale);
}

TEST(ProfileFeatures, AConditionIsReadInTheSamePoll) {
    const Profile profile = parse(R"(
points = [
    { name = "a", address = 1, available_if = { address = 300, bit = 2 } },
    { name = "b", address = 2, available_if = { address = 300, mask = 0xF0, equals = [0x10, 0x30] } },
    { name = "c", address = 3, available_if = { address = 300 } },
]
)");
    const Values some(profile, {{1, {7, 8, 9}}, {300, {0x0014}}});
    some.expect("a", 7);
    some.expect("b", 8);
    some.expect("c", 9);
    const Values none(profile, {{1, {7, 8, 9}}, {300, {0}}});
    for (const char* name : {"a", "b", "c"}) none.expect_reason(name, Quality::not_implemented);
    const Values unknown(profile, {{1, {7, 8, 9}}});
    unknown.expect_reason("a", Quality::comm_error);
    const auto device = expand(profile, {});
    const auto& group = device->plan.groups.at(0);
    EXPECT_EQ(group.layout->points.size(), 3U);
    EXPECT_EQ(group.hidden, 3U);
}

TEST(ProfileFeatures, CountsComeFromTheDevice) {
    const Profile profile = parse(R"(
points = [{ name = "strings", address = 0 }]
derived = [{ name = "lowest_v", op = "min", of = ["string{s}.jar{j}.voltage_v"], skip_absent = true, unit = "V" }]
[[groups]]
name = "string{s}"
address = 100
repeat = [{ index = "s", count = 2, stride = 50, count_from = "strings" }]
points = [{ name = "jars", address = 0 }]
[[groups]]
name = "string{s}.jar{j}"
address = 101
repeat = [
    { index = "s", count = 2, stride = 50, count_from = "strings" },
    { index = "j", count = 3, stride = 1, count_from = "string{s}.jars" },
]
points = [{ name = "voltage_v", address = 0, scale = 0.001, unit = "V" }]
)");
    const Values values(profile, {{0, {1}}, {100, {2, 2251, 2249, 0}}, {150, {3, 1, 1, 1}}});
    values.expect("string1.jar2.voltage_v", 2.249);
    values.expect_reason("string1.jar3.voltage_v", Quality::not_implemented);
    values.expect_reason("string2.jar1.voltage_v", Quality::not_implemented);
    values.expect("lowest_v", 2.249);
}

TEST(ProfileFeatures, ElementsFillTheRestOfAModel) {
    const Profile profile = parse(R"(
points = [{ name = "length", address = 1001 }]
[[groups]]
name = "cell{c}"
address = 1012
fill_rest = "length"
repeat = [{ index = "c", count = 10, stride = 4 }]
points = [{ name = "voltage_v", address = 0, scale = 0.001, unit = "V" }]
)");
    // Ten registers of the model, then two cells of four: 18.
    std::vector<std::uint16_t> words(52, 3300);
    words[0] = 18;
    const Values values(profile, {{1001, words}});
    values.expect("cell2.voltage_v", 3.3);
    values.expect_reason("cell3.voltage_v", Quality::not_implemented);
}

TEST(ProfileFeatures, GroupsMayHaveUnitsOfTheirOwn) {
    const Profile profile = parse(R"(
points = [{ name = "soc_pct", address = 5, unit = "%" }]
[[groups]]
name = "string{s}"
address = 0
unit = 101
repeat = [{ index = "s", count = 3, unit_stride = 1 }]
points = [{ name = "soc_pct", address = 5, unit = "%", available_if = { address = 0 } }]
)");
    const auto device = expand(profile, {.device = {}, .device_id = "M", .unit = 7, .periods = {}});
    ASSERT_TRUE(device);
    EXPECT_EQ(device->plan.unit, 7);
    ASSERT_EQ(device->sub_units.size(), 3U);
    EXPECT_EQ(device->sub_units[2].unit, 103);
    EXPECT_EQ(device->sub_units[2].groups.at(0).layout->group, "fast@103");
    EXPECT_EQ(device->sub_units[2].groups.at(0).layout->first_slot, 3U);
    EXPECT_EQ(device->points.at(3).name, "string3.soc_pct");
    const Values values(profile, {{5, {50}},
                                  {0, {1, 0, 0, 0, 0, 61}, modbus::Table::holding, 101},
                                  {0, {0, 0, 0, 0, 0, 62}, modbus::Table::holding, 102}});
    values.expect("soc_pct", 50);
    values.expect("string1.soc_pct", 61);
    values.expect_reason("string2.soc_pct", Quality::not_implemented);
    values.expect_reason("string3.soc_pct", Quality::comm_error);
}

TEST(ProfileFeatures, AtomicPointsShareOneRequest) {
    const Profile profile = parse(R"(
limits = { max_hole = 0 }
points = [
    { name = "total", address = 10, type = "u32", atomic = "energy" },
    { name = "other", address = 12 },
    { name = "overflow", address = 40, atomic = "energy" },
]
)");
    const auto device = expand(profile, {});
    const auto blocks = modbus::plan_reads(device->plan.groups.at(0).points, device->plan.limits);
    ASSERT_TRUE(blocks);
    ASSERT_EQ(blocks->size(), 1U);
    EXPECT_EQ(blocks->front().count, 31);
}

TEST(ProfileFeatures, DerivedValuesReadWhatAnotherPollGroupHolds) {
    const Profile profile = parse(R"(
points = [
    { name = "load_pct", address = 1, unit = "%" },
    { name = "rated_kw", address = 500, unit = "kW", poll = "slow" },
]
derived = [{ name = "load_kw", op = "mul", of = ["load_pct", "rated_kw"], scale = 0.01, unit = "kW" }]
)");
    const auto device = expand(profile, {});
    const auto& fast = device->plan.groups.at(0);
    EXPECT_EQ(fast.layout->points.size(), 2U);
    EXPECT_EQ(fast.hidden, 1U);
    const Values values(profile, {{1, {13}}, {500, {1200}}});
    values.expect("load_kw", 156);
}

TEST(ProfileFeatures, AccumulatorsThatDoNotCountAreAbsent) {
    const Profile profile = parse(R"(
points = [
    { name = "a", address = 0, type = "acc32" },
    { name = "b", address = 2, type = "acc64" },
]
)");
    const Values counting(profile, {{0, {0, 5, 0, 0, 0, 6}}});
    counting.expect("a", 5);
    counting.expect("b", 6);
    const Values still(profile, {{0, {0, 0, 0, 0, 0, 0}}});
    still.expect_reason("a", Quality::not_implemented);
    still.expect_reason("b", Quality::not_implemented);
}

TEST(ProfileFeatures, AliasesFollowTheElements) {
    const Profile profile = parse(R"(
points = [{ name = "battery.charge_pct", address = 1, alias = "battery.charge", unit = "%" }]
[[groups]]
name = "jar{j}"
address = 10
repeat = [{ index = "j", count = 2, stride = 1 }]
points = [{ name = "voltage_v", address = 0, alias = "battery.cell.{j}.voltage", unit = "V" }]
)");
    const auto device = expand(profile, {});
    EXPECT_EQ(device->points.at(0).alias, "battery.charge");
    EXPECT_EQ(device->points.at(2).alias, "battery.cell.2.voltage");
}

TEST(ProfileFeatures, TheStrictestAgeOfAPollGroupHoldsForAllOfIt) {
    const Profile profile = parse(R"(
points = [
  { name = "voltage_v", address = 1, unit = "V", max_age_s = 150, poll = "slow" },
  { name = "current_a", address = 2, unit = "A", max_age_s = 100, poll = "slow" },
  { name = "temperature_c", address = 3, unit = "Cel", poll = "slow" },
  { name = "power_kw", address = 4, unit = "kW" },
]
)");
    DeviceOptions options;
    options.periods = {{"slow", Duration{5'000}}};
    const auto device = expand(profile, options);
    ASSERT_TRUE(device);
    for (const auto& group : device->plan.groups) {
        const bool slow = group.layout->group == "slow";
        EXPECT_EQ(group.layout->max_age, slow ? Duration{100'000} : Duration{0}) << group.layout->group;
    }
}

TEST(ProfileFeatures, MailboxWordsDecodeInSamples) {
    const Profile profile = parse(R"(
points = [{ name = "soc_pct", address = 1280, unit = "%" }]
mailboxes = [{ name = "cells", request_address = 0x550, request = [1, 0x8100], ready_address = 0x551, ready = 0x8801, window_address = 0x558, window_length = 65, windows = 5 }]
[[groups]]
name = "cell{c}"
address = 48
repeat = [{ index = "c", count = 4, stride = 1 }]
points = [{ name = "voltage_v", address = 0, scale = 0.001, unit = "V", mailbox = "cells" }]
[[samples]]
blocks = [{ mailbox = "cells", address = 48, registers = [3301, 3302, 3303, 3304] }]
expect = { "cell4.voltage_v" = 3.304 }
)");
    EXPECT_EQ(expand(profile, {})->points.size(), 1U);
    RegisterImage image;
    image.set(mailbox_unit(0), modbus::Table::holding, 49, 3302);
    const auto values = snapshot(profile, image);
    EXPECT_EQ(values.at(2).point.name, "cell2.voltage_v");
    EXPECT_EQ(values.at(2).value, 3.302);
}

TEST(ProfileFeatures, MailboxesArePolledWhereTheSiteSaysSo) {
    const Profile profile = parse(R"(
points = [{ name = "soc_pct", address = 1280, unit = "%" }]
mailboxes = [{ name = "cells", request_address = 40, request = [0, 7], indices = [4, 9], ready_address = 43, ready = 1, index_address = 44, window_address = 50, window_length = 10, poll = "slow" }]
[[groups]]
name = "rack{r}.cell{c}"
address = 2
repeat = [{ index = "r", count = 2, stride = 10 }, { index = "c", count = 3, stride = 2 }]
points = [{ name = "voltage_v", address = 0, scale = 0.001, unit = "V", mailbox = "cells" }]
)");
    EXPECT_EQ(expand(profile, {})->points.size(), 1U) << "that would write";
    DeviceOptions options;
    options.periods = {{"slow", Duration{5'000}}};
    options.mailboxes = true;
    const auto device = expand(profile, options);
    ASSERT_TRUE(device);
    ASSERT_EQ(device->points.size(), 7U);
    ASSERT_EQ(device->plan.groups.size(), 3U);
    const auto& group = device->plan.groups[2];
    EXPECT_EQ(group.layout->group, "cells.9");
    EXPECT_EQ(group.layout->period, Duration{5'000});
    EXPECT_EQ(group.layout->first_slot, 4U);
    EXPECT_EQ(group.layout->points[1].name, "rack2.cell2.voltage_v");
    EXPECT_EQ(group.points[1].address, 4) << "of the words of this index";
    ASSERT_TRUE(group.mailbox);
    EXPECT_EQ(group.mailbox->request, (std::vector<std::uint16_t>{9, 7}));
    ASSERT_EQ(group.mailbox->signs.size(), 2U);
    EXPECT_EQ(group.mailbox->signs[0].word, 1);
    EXPECT_FALSE(group.mailbox->signs[0].shows_index);
    EXPECT_EQ(group.mailbox->signs[1].address, 44);
    EXPECT_EQ(group.mailbox->signs[1].word, 9);
    EXPECT_TRUE(group.mailbox->signs[1].shows_index);
}

constexpr auto windows_that_go_on = R"(
points = [{{ name = "soc_pct", address = 48, unit = "%" }}, {{ name = "mode", address = {} }}]
mailboxes = [{{ name = "cells", request_address = 40, request = [7], ready_address = 43, ready = 1, window_address = 50, window_length = 4, windows = {} }}]
[[groups]]
name = "cell{{c}}"
address = 0
repeat = [{{ index = "c", count = 4, stride = 1 }}]
points = [{{ name = "voltage_v", address = 0, mailbox = "cells" }}]
)";

TEST(ProfileFeatures, NoOtherReadTouchesAWindowThatGoesOn) {
    for (const int windows : {1, 2}) {
        const Profile profile = parse(fmt::format(windows_that_go_on, 54, windows));
        DeviceOptions options;
        options.mailboxes = true;
        const auto device = expand(profile, options);
        ASSERT_TRUE(device);
        const auto reads = modbus::plan_reads(device->plan.groups[0].points, device->plan.limits);
        ASSERT_TRUE(reads);
        EXPECT_EQ(reads->size(), static_cast<std::size_t>(windows)) << "a hole of five is read along";
    }
}

TEST(ProfileFeatures, APointInAWindowThatGoesOnIsRefused) {
    EXPECT_THAT(errors_of(fmt::format(windows_that_go_on, 53, 2)),
                HasSubstr("point \"mode\": registers 53 to 53 reach into the window of mailbox \"cells\" "
                          "(registers 50 to 53), where each read makes the device go on"));
    EXPECT_EQ(errors_of(fmt::format(windows_that_go_on, 53, 1)), "");
}

TEST(ProfileFeatures, APeriodBelowTheLeastIsRefused) {
    const Profile profile = parse(R"(
points = [{ name = "a", address = 1, min_interval_ms = 500 }]
)");
    const auto device =
        expand(profile, {.device = {}, .device_id = "M", .unit = 1, .periods = {{"fast", Duration{400}}}});
    ASSERT_FALSE(device);
    EXPECT_EQ(device.error().message,
              "device M: profile small allows no period below 500 ms for poll group \"fast\": point \"a\"");
}

TEST(ProfileFeatures, WhatIsPolledOnceHasAGroupOfItsOwn) {
    const Profile profile = parse(R"(
points = [{ name = "a", address = 1 }, { name = "factor", address = 2, poll = "once" }]
)");
    const auto device = expand(profile, {});
    ASSERT_TRUE(device);
    ASSERT_EQ(device->plan.groups.size(), 2U);
    const auto& once = *device->plan.groups[1].layout;
    EXPECT_EQ(once.group, "once");
    EXPECT_EQ(once.period, std::chrono::hours{24});
    ASSERT_EQ(once.points.size(), 1U);
    EXPECT_EQ(once.points[0].name, "factor");
}

TEST(ProfileFeatures, SamplesCheckTextsAndTimes) {
    schema::Diagnostics diagnostics;
    const auto profile = parse_profile(std::string(head) + R"(
points = [
    { name = "serial", address = 0, type = "string", length = 2 },
    { name = "clock", address = 5, type = "datetime", fields = "YMDhms" },
]
samples = [{ blocks = [{ address = 0, registers = [0x4142, 0x4300, 0, 0, 0, 1797, 4362, 11540] }], expect_text = { serial = "ABD", clock = "2007-05-17T10:45:20" } }]
)",
                                       "small.toml", diagnostics);
    EXPECT_FALSE(profile);
    ASSERT_EQ(diagnostics.total(), 1U);
    EXPECT_EQ(diagnostics.sorted()[0].message, "serial: expected \"ABD\", is \"ABC\"");
}

}  // namespace
}  // namespace sitepower::features_test
