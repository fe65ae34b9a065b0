#include "drivers/sim/register_bank.hpp"

#include <algorithm>
#include <cassert>

namespace sitepower::sim {

void RegisterBank::define(modbus::Table table, std::uint16_t first, int count) {
    Words& all = words(table);
    const std::size_t end =
        std::min<std::size_t>(std::size_t{first} + static_cast<std::size_t>(count), 65'536);
    if (all.content.size() < end) {
        all.content.resize(end);
        all.exists.resize(end);
    }
    std::fill(all.exists.begin() + first, all.exists.begin() + static_cast<std::ptrdiff_t>(end), true);
}

void RegisterBank::fill_holes(int registers) {
    for (Words& all : tables_) {
        auto from = std::ranges::find(all.exists, true);
        while (from != all.exists.end()) {
            const auto hole = std::find(from, all.exists.end(), false);
            const auto after = std::find(hole, all.exists.end(), true);
            if (after != all.exists.end() && after - hole <= registers) std::fill(hole, after, true);
            from = after;
        }
    }
}

void RegisterBank::set(modbus::Table table, std::uint16_t address, std::uint16_t word) {
    Words& all = words(table);
    assert(address < all.exists.size() && all.exists[address]);
    all.content[address] = word;
}

void RegisterBank::allow_writes(modbus::Table table, std::uint16_t first, int count, bool allowed) {
    Words& all = words(table);
    const std::size_t end = std::min(std::size_t{first} + static_cast<std::size_t>(count), all.exists.size());
    if (all.writable.size() < end) all.writable.resize(end);
    std::fill(all.writable.begin() + first, all.writable.begin() + static_cast<std::ptrdiff_t>(end), allowed);
}

bool RegisterBank::is_writable(modbus::Table table, std::uint16_t first, int count) const {
    const Words& all = words(table);
    const std::size_t end = std::size_t{first} + static_cast<std::size_t>(count);
    if (count < 1 || end > all.writable.size()) return false;
    const auto begin = all.writable.begin() + first;
    return std::find(begin, begin + count, false) == begin + count;
}

std::optional<std::span<const std::uint16_t>> RegisterBank::read(modbus::Table table, std::uint16_t first,
                                                                 int count) const {
    const Words& all = words(table);
    const std::size_t end = std::size_t{first} + static_cast<std::size_t>(count);
    if (count < 1 || end > all.exists.size()) return std::nullopt;
    const auto begin = all.exists.begin() + first;
    if (std::find(begin, begin + count, false) != begin + count) return std::nullopt;
    return std::span(all.content).subspan(first, static_cast<std::size_t>(count));
}

}  // namespace sitepower::sim
