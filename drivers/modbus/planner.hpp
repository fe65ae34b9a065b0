// Turns the points of a poll group into as few requests as the device's limits allow. Pure; called when a bus
// is built, when a profile is checked, and on a bus's thread when a device refuses part of a block.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/result.hpp"
#include "drivers/modbus/register_map.hpp"

namespace sitepower::modbus {

// One request, and which points it brings. Registers are 16-bit words; in coil and discrete tables `count` is
// in bits.
struct ReadBlock {
    Table table = Table::holding;
    std::uint16_t address = 0;
    std::uint16_t count = 0;
    std::vector<std::uint32_t> points{};  // positions in PollGroup::points, ascending

    bool operator==(const ReadBlock&) const = default;
};

// What one request must hold for a point: its registers, those of its scale factor, and what must come
// together with it. Addresses [begin, end).
struct PointSpan {
    Table table = Table::holding;
    std::uint32_t begin = 0;
    std::uint32_t end = 0;

    auto operator<=>(const PointSpan&) const = default;
};

PointSpan span_of(const RegisterPoint& point);

bool is_bit_table(Table table);

// The fewest requests such that every point and its scale factor lie whole in one of them, no request is
// longer than max_registers (max_bits), crosses a barrier, or reads along more than max_hole registers in a
// row that no point wants (inside one point's own span a hole is unavoidable and allowed). In order of table
// and address. Fails when one point alone breaks a limit; the error names its position and addresses.
Result<std::vector<ReadBlock>> plan_reads(std::span<const RegisterPoint> points, const UnitLimits& limits);

// The same for the points that are in none of the `refused` blocks, which the device does not let read: no
// request holds the whole of one of them, unless a single point does. The points fit the limits.
std::vector<ReadBlock> plan_reads_around(std::span<const RegisterPoint> points, const UnitLimits& limits,
                                         std::span<const ReadBlock> refused);

// The two halves of a block that a device refused, each no longer than its points need; empty when the block
// cannot be divided, because all its points have the same span.
std::vector<ReadBlock> split_block(const ReadBlock& block, std::span<const RegisterPoint> points);

}  // namespace sitepower::modbus
