#include "drivers/sim/encode.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <limits>

namespace sitepower::sim {
namespace {

using modbus::Order;
using modbus::RegisterPoint;
using modbus::ValueType;

bool is_float(ValueType type) {
    return type == ValueType::f32 || type == ValueType::f64;
}

bool is_signed(ValueType type) {
    return type == ValueType::s16 || type == ValueType::s32 || type == ValueType::s64;
}

std::uint64_t low_bits(int count) {
    return count >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
}

std::uint16_t swapped(std::uint16_t word) {
    return static_cast<std::uint16_t>(word << 8 | word >> 8);
}

// The register that holds the k-th 16 bits of the value, counted from the lowest.
std::uint16_t place(const RegisterPoint& point, int k) {
    const int count = point.registers();
    return static_cast<std::uint16_t>(point.address + (point.word_order == Order::big ? count - 1 - k : k));
}

void write_word(const RegisterPoint& point, std::uint64_t bits, RegisterBank& bank) {
    for (int k = 0; k < point.registers(); ++k) {
        const auto word = static_cast<std::uint16_t>(bits >> (16 * k));
        bank.set(point.table, place(point, k), point.byte_order == Order::big ? word : swapped(word));
    }
}

std::uint64_t read_word(const RegisterPoint& point, const RegisterBank& bank) {
    std::uint64_t bits = 0;
    for (int k = 0; k < point.registers(); ++k) {
        const auto words = bank.read(point.table, place(point, k), 1);
        assert(words);
        const std::uint16_t word = (*words)[0];
        bits |= std::uint64_t{point.byte_order == Order::big ? word : swapped(word)} << (16 * k);
    }
    return bits;
}

// What decode leaves of an integer: the mask within the type's width.
std::uint64_t field_mask(const RegisterPoint& point) {
    return point.mask & low_bits(16 * point.registers());
}

int field_width(const RegisterPoint& point) {
    return static_cast<int>(std::bit_width(field_mask(point) >> point.shift));
}

// Rounds to the nearest integer of `width` bits; what is beyond them becomes the nearest that fits.
std::uint64_t saturate(double raw, int width, bool with_sign) {
    const double lowest = with_sign ? -std::exp2(width - 1) : 0;
    const double highest = std::exp2(with_sign ? width - 1 : width) - 1;
    const double whole = std::nearbyint(raw);
    if (whole <= lowest) return with_sign ? std::uint64_t{1} << (width - 1) : 0;
    if (whole >= highest) return with_sign ? low_bits(width - 1) : low_bits(width);
    return whole < 0 ? static_cast<std::uint64_t>(static_cast<std::int64_t>(whole)) & low_bits(width)
                     : static_cast<std::uint64_t>(whole);
}

void encode_integer(const RegisterPoint& point, double raw, RegisterBank& bank) {
    const std::uint64_t mask = field_mask(point);
    const int width = field_width(point);
    const std::uint64_t others = read_word(point, bank) & ~mask;
    std::uint64_t field = saturate(raw, width, is_signed(point.type));
    const auto word = [&] { return others | ((field << point.shift) & mask); };
    // A sentinel must not appear by saturation: the nearest value towards zero instead.
    const bool negative = is_signed(point.type) && (field >> (width - 1) & 1U) != 0;
    for (std::size_t i = 0; i < point.invalid.size() && std::ranges::count(point.invalid, word()) > 0; ++i) {
        field = (negative ? field + 1 : field - 1) & low_bits(width);
    }
    write_word(point, word(), bank);
}

void write_sentinel(const RegisterPoint& point, RegisterBank& bank) {
    if (point.type == ValueType::f32) {
        write_word(point, std::bit_cast<std::uint32_t>(std::numeric_limits<float>::quiet_NaN()), bank);
    } else if (point.type == ValueType::f64) {
        write_word(point, std::bit_cast<std::uint64_t>(std::numeric_limits<double>::quiet_NaN()), bank);
    } else {
        assert(!point.invalid.empty());
        write_word(point, point.invalid.front(), bank);
    }
}

double step(const RegisterPoint& point, int exponent) {
    return point.scale_factor ? point.scale * std::pow(10, exponent) : point.scale;
}

}  // namespace

void encode(const RegisterPoint& point, std::optional<double> value, int exponent, RegisterBank& bank) {
    if (point.scale_factor) {
        bank.set(point.table, point.scale_factor->address,
                 static_cast<std::uint16_t>(static_cast<std::int16_t>(exponent)));
    }
    if (!value) {
        write_sentinel(point, bank);
        return;
    }
    const double raw = (*value - point.offset) / step(point, exponent);
    if (point.type == ValueType::f32) {
        write_word(point, std::bit_cast<std::uint32_t>(static_cast<float>(raw)), bank);
    } else if (point.type == ValueType::f64) {
        write_word(point, std::bit_cast<std::uint64_t>(raw), bank);
    } else if (point.type == ValueType::boolean) {
        write_word(point, raw != 0 ? 1 : 0, bank);
    } else {
        encode_integer(point, raw, bank);
    }
}

void define(const RegisterPoint& point, RegisterBank& bank) {
    bank.define(point.table, point.address, point.registers());
    if (point.scale_factor) bank.define(point.table, point.scale_factor->address, 1);
}

double resolution(const RegisterPoint& point, double value, int exponent) {
    const double rounding = 4e-16 * (std::abs(value) + std::abs(point.offset));
    if (is_float(point.type)) {
        const double epsilon = point.type == ValueType::f32 ? 0x1p-24 : 0x1p-52;
        return rounding + epsilon * std::abs(value - point.offset);
    }
    return rounding + 0.5 * std::abs(step(point, exponent)) * (1 + 1e-9);
}

}  // namespace sitepower::sim
