// A write to a device, as it is ordered from the bus behind which the device is (Bus::order), and what came
// of it. Plain values: made by drivers/profile from a command of a profile, or by whoever else sets
// something; carried out on the bus's thread, so that nobody ever waits for a device.
//
// A write is sent at most once. It is told as verified when a point shows its effect, whatever became of its
// answer; as accepted only when the device itself acknowledged it and there is no point to look at.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/identifier.hpp"
#include "core/base/time.hpp"
#include "drivers/modbus/register_map.hpp"

namespace sitepower::modbus {

// Registers or coils in a row, as they go over the wire.
struct WriteRequest {
    std::uint8_t unit = 1;
    Table table = Table::holding;      // or coil; the other tables cannot be written
    std::uint16_t address = 0;         // 0-based
    std::vector<std::uint16_t> words;  // one per register, or per coil (0 or 1); 1 to 123
    bool multiple = false;             // functions 15 and 16 even for a single one
};

// 5 (one coil), 6 (one register), 15 or 16.
std::uint8_t function_of(const WriteRequest& request);

// "coil 7 (function 5)", "holding 40-41 (function 16)".
std::string describe(const WriteRequest& request);

// The point that shows whether a write has taken effect, and what it then shows.
struct ReadBack {
    int unit = 1;  // a polled unit of the same device
    RegisterPoint point;
    double lowest = 0;  // of the point's value, both included
    double highest = 0;
    Duration effect{0};  // how long after the settle time the effect may take to show
};

struct WriteOrder {
    std::uint64_t id = 0;  // chosen by who orders; comes back in the report
    DeviceIndex device{};
    WriteRequest request;
    std::optional<ReadBack> read_back{};
    Duration settle{100};       // silence of the unit after the write
    Duration patience{10'000};  // when it could not be sent for so long, it is not sent at all
};

enum class WriteOutcome : std::uint8_t {
    verified,     // the point shows the effect
    accepted,     // acknowledged by the device; there is no point to look at
    not_sent,     // the device cannot have seen it
    refused,      // the device, or a gateway before it, said no
    ineffective,  // the point shows something else, and it is too late for the effect
    unknown,      // it was sent, and nobody can say whether it was carried out
};

constexpr std::string_view to_string(WriteOutcome outcome) {
    switch (outcome) {
        case WriteOutcome::verified:
            return "verified";
        case WriteOutcome::accepted:
            return "accepted";
        case WriteOutcome::not_sent:
            return "not_sent";
        case WriteOutcome::refused:
            return "refused";
        case WriteOutcome::ineffective:
            return "ineffective";
        case WriteOutcome::unknown:
            return "unknown";
    }
    return "unknown";
}

struct WriteReport {
    std::uint64_t id = 0;
    WriteOutcome outcome = WriteOutcome::unknown;
    std::optional<double> read_back{};  // what the point showed last, when it had a value
    std::string reason{};               // why neither verified nor accepted; for people
};

}  // namespace sitepower::modbus
