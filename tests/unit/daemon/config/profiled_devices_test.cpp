// What a profile means for the configuration of a device: aliases, units of its own, the kinds of bus,
// limits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/daemon/config/loading.hpp"

namespace sitepower::config::profiled_devices_test {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

constexpr const char* head = R"(
schema = 1
id = "monitor"
kind = "ups"
manufacturer = "Maker"
models = ["One"]
poll_ms = { fast = 1000 }
)";

constexpr const char* strings = R"(
limits = { close_after_cycle = true }
timing = { connect_delay_ms = 1500 }
points = [
    { name = "on_battery", address = 0 },
    { name = "output.load_kw", address = 1, alias = "ups.realpower", unit = "kW" },
]
[[groups]]
name = "string{s}"
address = 0
unit = 101
repeat = [{ index = "s", count = 2, unit_stride = 1 }]
points = [{ name = "soc_pct", address = 5, unit = "%" }]
)";

std::string site(const std::string& bus, const std::string& rest = "") {
    return "[site]\nid = 'DC'\n[broker]\nenabled = false\n[[bus]]\nid = 'room'\n" + bus +
           "[[device]]\nid = 'UPS-01'\nprofile = 'monitor'\nbus = 'room'\n" + rest;
}

constexpr const char* tcp = "host = '192.0.2.10'\n";

std::string errors_of(const std::string& profile, const std::string& text) {
    const TemporaryDirectory directory;
    directory.write("monitor.toml", head + profile);
    schema::Diagnostics diagnostics;
    EXPECT_FALSE(make_config(parsed(text), test_paths(directory.path()), diagnostics));
    return error_report(diagnostics);
}

TEST(ProfiledDevice, GroupsWithUnitsArePolledAsUnitsOfTheSameDevice) {
    const TemporaryDirectory directory;
    directory.write("monitor.toml", std::string(head) + strings);
    const auto config = load(site(tcp), directory.path());
    ASSERT_THAT(config.buses, SizeIs(1));
    const auto& units = config.buses[0].units;
    ASSERT_THAT(units, SizeIs(3));
    EXPECT_EQ(units[0].unit, 1);
    EXPECT_EQ(units[2].unit, 102);
    EXPECT_EQ(units[2].device, DeviceIndex{0});
    EXPECT_EQ(config.buses[0].settings.connect_delay, Duration{1500});
    EXPECT_TRUE(config.buses[0].settings.close_after_cycle);
    const auto& device = config.model->devices.at(0);
    EXPECT_THAT(device.points, SizeIs(4));
    ASSERT_THAT(device.layouts, SizeIs(3));
    EXPECT_EQ(device.layouts[2]->first_slot, 3U);
    EXPECT_EQ(device.points[3].name, "string2.soc_pct");
}

TEST(ProfiledDevice, IsProbedUnlessTheSiteSaysThatItNeedNotBe) {
    const TemporaryDirectory directory;
    directory.write("monitor.toml", std::string(head) + R"(
points = [{ name = "output.load_kw", address = 1, unit = "kW" }]
probe = [{ address = 15, equals = [0x8100] }]
)");
    for (const bool skip : {false, true}) {
        schema::Diagnostics diagnostics;
        const auto config = make_config(parsed(site(tcp, skip ? "skip_probe = true\n" : "")),
                                        test_paths(directory.path()), diagnostics);
        ASSERT_TRUE(config) << error_report(diagnostics);
        EXPECT_EQ(config->buses.at(0).units.at(0).inspector == nullptr, skip);
    }
}

TEST(ProfiledDevice, MailboxesArePolledOnlyWhereTheSiteSaysSo) {
    const TemporaryDirectory directory;
    directory.write("monitor.toml", std::string(head) + R"(
points = [
    { name = "output.load_kw", address = 1, unit = "kW" },
    { name = "cell.voltage_v", address = 0, unit = "V", mailbox = "cells" },
]
mailboxes = [{ name = "cells", request_address = 10, request = [7], ready_address = 11, ready = 1, window_address = 12, window_length = 2 }]
)");
    for (const bool enabled : {false, true}) {
        const auto config = load(site(tcp, enabled ? "mailboxes = true\n" : ""), directory.path());
        EXPECT_THAT(config.model->devices.at(0).points, SizeIs(enabled ? 2 : 1));
        EXPECT_THAT(config.buses.at(0).units.at(0).groups, SizeIs(enabled ? 2 : 1));
    }
    EXPECT_THAT(errors_of("points = [{ name = \"a\", address = 0 }]\n", site(tcp, "mailboxes = true\n")),
                HasSubstr("mailboxes: profile \"monitor\" has no mailboxes"));
}

TEST(ProfiledDevice, WhatMeansNothingForItIsRefused) {
    const std::string profile =
        "points = [{ name = \"a\", address = 0 }]\n"
        "commands = [{ name = \"test.start\", address = 5, write = [1] }]\n";
    EXPECT_THAT(errors_of(profile, site(tcp, "sunspec_device = 1\n")),
                HasSubstr("sunspec_device: belongs to profile = \"sunspec\"; this one is \"monitor\""));
    EXPECT_THAT(errors_of(profile, site(tcp, "commands = ['test.start', 'test.start']\n")),
                HasSubstr("commands: \"test.start\" stands there twice"));
}

TEST(ProfiledDevice, FlagsThatAreWorthAnAlarmAreNamedInTheModel) {
    const TemporaryDirectory directory;
    directory.write("monitor.toml", std::string(head) + R"(
points = [
    { name = "output.load_kw", address = 1, unit = "kW" },
    { name = "word", address = 2, bits = [
        { bit = 0, name = "alarm.overload", label = "Overload", alarm = "critical" },
        { bit = 1, name = "alarm.fan", alarm = "info" },
        { bit = 2, name = "status.eco" },
    ] },
]
)");
    schema::Diagnostics diagnostics;
    const auto config = make_config(parsed(site(tcp)), test_paths(directory.path()), diagnostics);
    ASSERT_TRUE(config) << error_report(diagnostics);
    const auto& device = config->model->devices.at(0);
    ASSERT_THAT(device.alarms, SizeIs(2));
    EXPECT_EQ(device.points[device.alarms[0].slot].name, "alarm.overload");
    EXPECT_EQ(device.alarms[0].severity, Severity::critical);
    EXPECT_EQ(device.alarms[0].label, "Overload");
    EXPECT_EQ(device.alarms[1].severity, Severity::info);
    EXPECT_EQ(device.alarms[1].label, "alarm.fan") << "what has no label goes by its name";
}

TEST(ProfiledDevice, AnAliasFindsThePoint) {
    const TemporaryDirectory directory;
    directory.write("monitor.toml", std::string(head) + strings);
    const auto config =
        load(site(tcp, "[[ups]]\ndevice = 'UPS-01'\nload = 'UPS-01/ups.realpower'\n"), directory.path());
    EXPECT_EQ(point_name(*config.model, config.model->upses.at(0).load_kw), "UPS-01/output.load_kw");
    EXPECT_EQ(config.model->devices[0].points[1].alias, "ups.realpower");
}

TEST(ProfiledDevice, AUnitOfAGroupMayNotBeTakenTwice) {
    const std::string second = "[[device]]\nid = 'UPS-02'\nprofile = 'monitor'\nbus = 'room'\nunit = 2\n";
    EXPECT_THAT(errors_of(strings, site(tcp, second)),
                HasSubstr("101 is the unit of device \"UPS-01\" on bus \"room\" already"));
}

TEST(ProfiledDevice, ABusThatTheDeviceCannotBeOnIsRefused) {
    const std::string only_tcp =
        "transport = { modes = [\"tcp\"] }\npoints = [{ name = \"a\", address = 0 }]\n";
    EXPECT_THAT(errors_of(only_tcp, site("type = 'rtu'\npath = '/dev/ttyS0'\n")),
                HasSubstr("profile \"monitor\" is for devices on tcp; bus \"room\" is rtu"));
}

TEST(ProfiledDevice, ASerialDeviceMayBeBehindAGateway) {
    const TemporaryDirectory directory;
    directory.write(
        "monitor.toml",
        std::string(head) + "transport = { modes = [\"rtu\"] }\npoints = [{ name = \"a\", address = 0 }]\n");
    EXPECT_THAT(load(site(tcp), directory.path()).buses, SizeIs(1));
}

TEST(ProfiledDevice, APeriodBelowWhatThePointAllowsIsRefused) {
    const std::string profile = "points = [{ name = \"a\", address = 0, min_interval_ms = 1000 }]\n";
    EXPECT_THAT(errors_of(profile, site(tcp, "period_ms = { fast = 500 }\n")),
                HasSubstr("allows no period below 1000 ms for poll group \"fast\": point \"a\""));
}

TEST(ProfiledDevice, APeriodThatLetsAValueGrowTooOldIsRefused) {
    const std::string profile = "points = [{ name = \"a\", address = 0, max_age_s = 6 }]\n";
    const TemporaryDirectory directory;
    directory.write("monitor.toml", head + profile);
    EXPECT_THAT(load(site(tcp, "period_ms = { fast = 4000 }\n"), directory.path()).buses, SizeIs(1));
    EXPECT_THAT(
        errors_of(profile, site(tcp, "period_ms = { fast = 4001 }\n")),
        HasSubstr("allows no value of point \"a\" older than 6 s: the period of poll group \"fast\" is at "
                  "most 4000 ms"));
}

TEST(ProfiledDevice, AProbeHoldsForTheUnitsOfItsGroupsToo) {
    const TemporaryDirectory directory;
    directory.write("monitor.toml", std::string(head) +
                                        "probe = [{ address = 15, equals = [1] }]\n"
                                        "[[groups]]\nname = \"s{s}\"\naddress = 0\nunit = 101\n"
                                        "repeat = [{ index = \"s\", count = 2, unit_stride = 1 }]\n"
                                        "points = [{ name = \"a\", address = 0 }]\n");
    const auto config = load(site(tcp), directory.path());
    ASSERT_THAT(config.buses, SizeIs(1));
    const auto& units = config.buses[0].units;
    ASSERT_THAT(units, SizeIs(3)) << "the device's own unit is asked for the probe alone";
    EXPECT_NE(units[0].inspector, nullptr);
    EXPECT_EQ(units[1].inspector, units[0].inspector);
    EXPECT_EQ(units[2].inspector, units[0].inspector);
}

}  // namespace
}  // namespace sitepower::config::profiled_devices_test
