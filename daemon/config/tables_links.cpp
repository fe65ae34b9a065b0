// Buses and the devices on them.
#include <fmt/ranges.h>

#include "daemon/config/tables.hpp"
#include "drivers/modbus/rtu_port.hpp"
#include "drivers/profile/keys.hpp"

namespace sitepower::config {

using schema::Diagnostics;
using schema::Format;
using schema::Range;
using schema::Table;

namespace {

// Keys that belong to serial lines only, or to TCP only, say so instead of being ignored.
void check_bus(const BusEntry& bus, Diagnostics& diagnostics) {
    const bool serial = bus.type == BusType::rtu;
    const auto refuse = [&](std::initializer_list<const char*> keys, const char* why) {
        for (const char* key : keys) {
            if (bus.origins.has(key)) diagnostics.add(bus.origins.of(key), why);
        }
    };
    if (serial) {
        refuse({"host", "port"}, R"(is for type "tcp" and "rtu_over_tcp" only; this bus is of type "rtu")");
        if (bus.path.empty()) {
            diagnostics.add(bus.origins.of("path"),
                            "is missing: a bus of type \"rtu\" needs the path of its serial line");
        }
        if (!modbus::is_serial_speed(bus.baud)) {
            diagnostics.add(bus.origins.of("baud"), fmt::format("is no speed of a serial line; one of {}",
                                                                fmt::join(modbus::serial_speeds, ", ")));
        }
    } else {
        refuse({"path", "baud", "parity", "data_bits", "stop_bits"}, "is for type \"rtu\" only");
        if (bus.host.empty()) {
            diagnostics.add(bus.origins.of("host"),
                            "is missing: this bus needs the host name or address of its device");
        }
    }
    if (bus.reconnect_min > bus.reconnect_max) {
        diagnostics.add(bus.origins.of("reconnect_min_ms"), "must not be greater than reconnect_max_ms");
    }
}

}  // namespace

Table<BusEntry> bus_table() {
    using modbus::Parity;
    return Table<BusEntry>(
               "bus",
               "One Modbus link: a TCP connection or a serial line. Each is polled by a thread of its own, "
               "so a "
               "hung device never delays another bus. Exactly one connection is held to an endpoint: devices "
               "behind one gateway belong on one bus.")
        .origins(&BusEntry::origins)
        .key("id", &BusEntry::id, {.format = Format::identifier, .required = true}, "Unique among the buses.")
        .choice("type", &BusEntry::type,
                {{"tcp", BusType::tcp}, {"rtu", BusType::rtu}, {"rtu_over_tcp", BusType::rtu_over_tcp}},
                "Modbus TCP, a serial line (RTU), or RTU frames over TCP as many serial servers speak it.")
        .key("host", &BusEntry::host, {.format = Format::host}, "Host name or address; for both TCP types.")
        .key("port", &BusEntry::port, {.range = Range{1, 65535}}, "TCP port.")
        .key("path", &BusEntry::path, {.format = Format::path},
             "Serial line; for type `rtu`. `/dev/serial/by-id/...` survives a reboot.")
        .key("baud", &BusEntry::baud, {.range = Range{300, 921600}}, "Speed of the serial line.")
        .choice("parity", &BusEntry::parity,
                {{"none", Parity::none}, {"even", Parity::even}, {"odd", Parity::odd}},
                "Parity of the serial line.")
        .key("data_bits", &BusEntry::data_bits, {.range = Range{7, 8}}, "Data bits of the serial line.")
        .key("stop_bits", &BusEntry::stop_bits, {.range = Range{1, 2}}, "Stop bits of the serial line.")
        .key("connect_timeout_ms", &BusEntry::connect_timeout, {.range = Range{100, 60'000}},
             "How long connecting may take.")
        .key("connect_delay_ms", &BusEntry::connect_delay, {.range = Range{0, 60'000}},
             "Pause between connecting and the first request; some UPS cards need 1000.")
        .key("frame_gap_ms", &BusEntry::frame_gap, {.range = Range{0, 10'000}},
             "Silence between two requests on this link.")
        .key("reconnect_min_ms", &BusEntry::reconnect_min, {.range = Range{10, 60'000}},
             "First pause before connecting again; doubles, with jitter,")
        .key("reconnect_max_ms", &BusEntry::reconnect_max, {.range = Range{100, 3'600'000}},
             "up to this pause.")
        .key("close_after_cycle", &BusEntry::close_after_cycle, {},
             "Close the connection after each round of polls, for devices that serve one client at a time.")
        .check(check_bus);
}

Table<DeviceEntry> device_table() {
    auto allowed_commands = profile_keys::point_reference;
    allowed_commands.max_items = 100;
    allowed_commands.expected = "the name of a command";
    return Table<DeviceEntry>("device",
                              "One device behind a bus. What its registers mean stands in its profile: "
                              "`/usr/share/sitepower/devices/PROFILE.toml`, or a file of the same name in "
                              "`/etc/sitepower/devices`, which goes first.")
        .origins(&DeviceEntry::origins)
        .key("id", &DeviceEntry::id, {.format = Format::identifier, .required = true},
             "Unique among the devices.")
        .key("profile", &DeviceEntry::profile, {.format = Format::identifier, .required = true},
             "Name of the profile: its file without `.toml`; or `sunspec`: the device says itself what it "
             "holds.")
        .key("bus", &DeviceEntry::bus, {.format = Format::identifier, .required = true}, "The id of its bus.")
        .key("unit", &DeviceEntry::unit, {.range = Range{0, 255}},
             "Modbus unit id: 1 to 247, on TCP also 0 and 255. 248 to 254 are reserved by the standard and "
             "refused.")
        .key("skip_probe", &DeviceEntry::skip_probe, {},
             "Poll it although it does not hold what its profile's `probe` expects of the device that the "
             "profile is for. Without it such a device is not polled, and its `device_offline` says what was "
             "found.")
        .key(
            "sunspec_device", &DeviceEntry::sunspec_device, {.range = Range{1, 64}},
            "With `profile = \"sunspec\"`: which of the devices that share the unit, counted by their common "
            "models.")
        .key("location", &DeviceEntry::location, {.format = Format::identifier},
             "The id of its location; may be left out where there is only one.")
        .key("commands", &DeviceEntry::commands, allowed_commands,
             "Commands of the profile that may be sent to the device, `[\"battery.test.start\"]`: an admin "
             "asks "
             "for one with the operation `device.command` (`sitepowerctl command`). Without it nothing is "
             "ever "
             "written, but what `mailboxes` says.")
        .key("mailboxes", &DeviceEntry::mailboxes, {},
             "Poll the points of the profile's mailboxes: words that the device hands out on request. For "
             "each, the daemon writes what it wants into the registers that the profile names. Nobody else "
             "may use the same mailbox.")
        .named_values("period_ms", &DeviceEntry::periods, {.format = Format::identifier, .max_items = 16},
                      {.range = Range{0, 86'400'000}},
                      "Other periods for poll groups of the profile: `period_ms = {fast = 500}`; 0 polls "
                      "without pause.")
        .key("response_timeout_ms", &DeviceEntry::response_timeout, {.range = Range{10, 60'000}},
             "How long an answer may take; otherwise as the profile says.")
        .key("late_window_ms", &DeviceEntry::late_window, {.range = Range{10, 120'000}},
             "An answer may come at most so late; otherwise as the profile says, and at least twice the "
             "response "
             "time-out.")
        .key("frame_gap_ms", &DeviceEntry::frame_gap, {.range = Range{0, 10'000}},
             "Silence before each request to this unit; otherwise as the profile says.")
        .key("retries", &DeviceEntry::retries, {.range = Range{0, 10}},
             "So many more tries after a time-out; otherwise as the profile says.");
}

}  // namespace sitepower::config
