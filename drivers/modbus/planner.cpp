#include "drivers/modbus/planner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace sitepower::modbus {
namespace {

// Points of the same span: they always travel together.
struct Atom {
    PointSpan span;
    std::vector<std::uint32_t> points;
};

std::vector<Atom> atoms_of(std::span<const RegisterPoint> points, std::span<const std::uint32_t> chosen) {
    std::vector<std::pair<PointSpan, std::uint32_t>> spans;
    spans.reserve(chosen.size());
    for (const auto index : chosen) spans.emplace_back(span_of(points[index]), index);
    std::ranges::sort(spans);
    std::vector<Atom> atoms;
    for (const auto& [span, index] : spans) {
        if (atoms.empty() || atoms.back().span != span) atoms.push_back({span, {}});
        atoms.back().points.push_back(index);
    }
    return atoms;
}

ReadBlock block_of(std::span<const Atom> atoms) {
    ReadBlock block{.table = atoms.front().span.table};
    std::uint32_t begin = atoms.front().span.begin;
    std::uint32_t end = begin;
    for (const auto& atom : atoms) {
        begin = std::min(begin, atom.span.begin);
        end = std::max(end, atom.span.end);
        block.points.insert(block.points.end(), atom.points.begin(), atom.points.end());
    }
    block.address = static_cast<std::uint16_t>(begin);
    block.count = static_cast<std::uint16_t>(end - begin);
    std::ranges::sort(block.points);
    return block;
}

std::uint32_t longest(Table table, const UnitLimits& limits) {
    const int limit =
        is_bit_table(table) ? std::clamp(limits.max_bits, 1, 2000) : std::clamp(limits.max_registers, 1, 125);
    return static_cast<std::uint32_t>(limit);
}

// The first barrier above `address`: a request that starts there ends at the barrier at the latest.
std::uint32_t barrier_after(std::uint32_t address, const UnitLimits& limits) {
    std::uint32_t nearest = 0x10000;
    for (const std::uint32_t barrier : limits.barriers) {
        if (barrier > address) nearest = std::min(nearest, barrier);
    }
    return nearest;
}

std::optional<Error> refuse(const RegisterPoint& point, std::size_t index, const UnitLimits& limits) {
    const auto span = span_of(point);
    const char* reason = nullptr;
    if (span.end > 0x10000) reason = "reaches beyond register 65535";
    if (span.end - span.begin > longest(span.table, limits)) reason = "is longer than one request may be";
    if (span.end > barrier_after(span.begin, limits)) reason = "crosses a barrier";
    if (is_bit_table(span.table) && point.scale_factor) reason = "has a scale factor in a table of bits";
    if (reason == nullptr) return std::nullopt;
    return Error{ErrorCode::validation_error,
                 fmt::format("point {} with its scale factor (addresses {} to {}) {}", index, span.begin,
                             span.end - 1, reason),
                 ""};
}

// The last address at which a request that starts at `first` may end without holding a whole refused block.
std::uint32_t end_before_refused(const PointSpan& first, std::span<const ReadBlock> refused) {
    std::uint32_t end = 0x10000;
    for (const auto& block : refused) {
        if (block.table == first.table && block.address >= first.begin) {
            end = std::min<std::uint32_t>(end, block.address + block.count - 1U);
        }
    }
    return std::max(end, first.end);
}

// Takes as many of `atoms` (sorted) into one request as the limits allow, the first one included, and leaves
// the others.
ReadBlock take_block(std::vector<Atom>& atoms, const UnitLimits& limits, std::span<const ReadBlock> refused) {
    const auto first = atoms.front().span;
    const auto limit = std::min({first.begin + longest(first.table, limits),
                                 barrier_after(first.begin, limits), end_before_refused(first, refused)});
    const auto hole = static_cast<std::uint32_t>(std::max(limits.max_hole, 0));
    std::uint32_t covered = first.end;
    std::vector<Atom> taken;
    std::vector<Atom> left;
    for (auto& atom : atoms) {
        const bool near = atom.span.table == first.table && atom.span.begin <= covered + hole;
        if (near && atom.span.end <= limit) {
            covered = std::max(covered, atom.span.end);
            taken.push_back(std::move(atom));
        } else {
            left.push_back(std::move(atom));
        }
    }
    atoms = std::move(left);
    return block_of(taken);
}

std::vector<ReadBlock> cover(std::vector<Atom> atoms, const UnitLimits& limits,
                             std::span<const ReadBlock> refused) {
    std::vector<ReadBlock> blocks;
    if (limits.one_point_per_request) {
        for (const auto& atom : atoms) blocks.push_back(block_of({&atom, 1}));
        return blocks;
    }
    // Some request must hold the first atom, and none has any use for addresses below it: a request that
    // starts there and takes all it can is never worse than another choice. So the greedy plan is optimal.
    while (!atoms.empty()) blocks.push_back(take_block(atoms, limits, refused));
    return blocks;
}

}  // namespace

bool is_bit_table(Table table) {
    return table == Table::coil || table == Table::discrete;
}

PointSpan span_of(const RegisterPoint& point) {
    PointSpan span{point.table, point.address, point.address + static_cast<std::uint32_t>(point.registers())};
    if (is_bit_table(point.table)) span.end = span.begin + 1;
    if (point.scale_factor) {
        span.begin = std::min<std::uint32_t>(span.begin, point.scale_factor->address);
        span.end = std::max<std::uint32_t>(span.end, point.scale_factor->address + 1U);
    }
    if (point.together) {
        span.begin = std::min(span.begin, point.together->begin);
        span.end = std::max(span.end, point.together->end);
    }
    return span;
}

Result<std::vector<ReadBlock>> plan_reads(std::span<const RegisterPoint> points, const UnitLimits& limits) {
    std::vector<std::uint32_t> all;
    for (std::size_t i = 0; i < points.size(); ++i) {
        if (auto error = refuse(points[i], i, limits)) return *std::move(error);
        all.push_back(static_cast<std::uint32_t>(i));
    }
    return cover(atoms_of(points, all), limits, {});
}

std::vector<ReadBlock> plan_reads_around(std::span<const RegisterPoint> points, const UnitLimits& limits,
                                         std::span<const ReadBlock> refused) {
    std::vector<bool> left_out(points.size());
    for (const auto& block : refused) {
        for (const auto point : block.points) left_out[point] = true;
    }
    std::vector<std::uint32_t> chosen;
    for (std::size_t i = 0; i < points.size(); ++i) {
        if (!left_out[i]) chosen.push_back(static_cast<std::uint32_t>(i));
    }
    return cover(atoms_of(points, chosen), limits, refused);
}

std::vector<ReadBlock> split_block(const ReadBlock& block, std::span<const RegisterPoint> points) {
    const auto atoms = atoms_of(points, block.points);
    if (atoms.size() < 2) return {};
    const auto half = atoms.size() / 2;
    const std::span all(atoms);
    return {block_of(all.first(half)), block_of(all.subspan(half))};
}

}  // namespace sitepower::modbus
