#include "drivers/sim/encode.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <chrono>
#include <cmath>
#include <limits>
#include <utility>

#include "core/base/scaling.hpp"

namespace sitepower::sim {
namespace {

using modbus::Order;
using modbus::RegisterPoint;
using modbus::ValueType;

bool is_float(ValueType type) {
    return type == ValueType::f32 || type == ValueType::f64;
}

bool is_signed(ValueType type) {
    return type == ValueType::s16 || type == ValueType::s32 || type == ValueType::s48 ||
           type == ValueType::s64;
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

bool is_sentinel(const RegisterPoint& point, std::uint64_t word) {
    return std::ranges::any_of(point.invalid, [&](std::uint64_t sentinel) {
        return ((sentinel ^ word) & point.invalid_mask & low_bits(16 * point.registers())) == 0;
    });
}

// Puts `field` between the bits of the word that belong to others.
void write_field(const RegisterPoint& point, std::uint64_t field, RegisterBank& bank) {
    const std::uint64_t mask = field_mask(point);
    write_word(point, (read_word(point, bank) & ~mask) | ((field << point.shift) & mask), bank);
}

std::uint64_t to_bcd(double number) {
    auto rest = static_cast<std::uint64_t>(std::max(std::nearbyint(number), 0.0));
    std::uint64_t bits = 0;
    for (int i = 0; i < 64; i += 4, rest /= 10) bits |= (rest % 10) << i;
    return bits;
}

void encode_integer(const RegisterPoint& point, double raw, RegisterBank& bank) {
    if (point.bcd) {
        write_field(point, to_bcd(raw), bank);
        return;
    }
    const std::uint64_t mask = field_mask(point);
    const int width = field_width(point);
    const std::uint64_t others = read_word(point, bank) & ~mask;
    std::uint64_t field = saturate(raw, width, is_signed(point.type));
    const auto word = [&] { return others | ((field << point.shift) & mask); };
    // A sentinel must not appear by saturation: the nearest value towards zero instead.
    const bool negative = is_signed(point.type) && (field >> (width - 1) & 1U) != 0;
    for (std::size_t i = 0; i < point.invalid.size() && is_sentinel(point, word()); ++i) {
        field = (negative ? field + 1 : field - 1) & low_bits(width);
    }
    write_word(point, word(), bank);
}

// 1: the first field that means it. 0: the lowest that does not.
void encode_boolean(const RegisterPoint& point, bool set, RegisterBank& bank) {
    const std::uint64_t all = field_mask(point) >> point.shift;
    std::uint64_t field = set ? all & (~all + 1) : 0;  // the lowest bit that the mask leaves
    if (!point.matches.empty()) {
        field = point.matches.front();
        if (!set) field = 0;
        while (!set && std::ranges::count(point.matches, field) > 0) ++field;
    }
    write_field(point, field, bank);
}

std::uint8_t in_bcd(unsigned number) {
    return static_cast<std::uint8_t>(number / 10 % 10 << 4 | number % 10);
}

void encode_date(const RegisterPoint& point, double seconds, RegisterBank& bank) {
    const std::chrono::sys_seconds time{std::chrono::seconds(static_cast<std::int64_t>(seconds))};
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day ymd(day);
    const std::chrono::hh_mm_ss clock(time - day);
    const auto field = [&](char letter) -> unsigned {
        switch (letter) {
            case 'Y':
                return static_cast<unsigned>(int(ymd.year()));
            case 'M':
                return unsigned(ymd.month());
            case 'D':
                return unsigned(ymd.day());
            case 'h':
                return static_cast<unsigned>(clock.hours().count());
            case 'm':
                return static_cast<unsigned>(clock.minutes().count());
            case 's':
                return static_cast<unsigned>(clock.seconds().count());
            default:
                return 0;
        }
    };
    const std::string& fields = point.date_fields;
    std::vector<std::uint8_t> bytes(2 * static_cast<std::size_t>(point.length));
    for (std::size_t i = 0; i < fields.size(); ++i) {
        const bool first_of_two = i + 1 < fields.size() && fields[i + 1] == fields[i];
        const bool second_of_two = i > 0 && fields[i - 1] == fields[i];
        const unsigned number = field(fields[i]);
        const unsigned base = point.bcd ? 100 : 256;
        const unsigned byte = first_of_two ? number / base : second_of_two ? number % base : number % 100;
        bytes[i] = point.bcd ? in_bcd(byte) : static_cast<std::uint8_t>(byte);
    }
    for (int i = 0; i < point.length; ++i) {
        const auto at = 2 * static_cast<std::size_t>(i);
        const auto word = static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
        bank.set(point.table, static_cast<std::uint16_t>(point.address + i),
                 point.byte_order == Order::big ? word : swapped(word));
    }
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

const std::pair<std::uint16_t, double>& map_entry(const RegisterPoint& point, int exponent) {
    const auto& map = point.scale_factor->map;
    return map[static_cast<std::size_t>(std::abs(exponent)) % map.size()];
}

bool is_mapped(const RegisterPoint& point) {
    return point.scale_factor && !point.scale_factor->map.empty();
}

// The scale that belongs to what the scale factor register holds; a power of ten comes on top.
Scaling scaling_of(const RegisterPoint& point, int exponent) {
    if (!is_mapped(point)) return {point.scale, point.offset};
    return {Scaling(point.scale, 0).value(map_entry(point, exponent).second), point.offset};
}

double raw_of(const RegisterPoint& point, double value, int exponent) {
    const bool power = point.scale_factor && !is_mapped(point);
    return scaling_of(point, exponent).raw(value, power ? exponent : 0);
}

double step(const RegisterPoint& point, int exponent) {
    if (is_mapped(point)) return point.scale * map_entry(point, exponent).second;
    return point.scale_factor ? point.scale * std::pow(10, exponent) : point.scale;
}

}  // namespace

void encode(const RegisterPoint& point, std::optional<double> value, int exponent, RegisterBank& bank) {
    if (point.scale_factor) {
        const auto& factor = *point.scale_factor;
        const auto content = is_mapped(point)
                                 ? map_entry(point, exponent).first << factor.shift
                                 : static_cast<std::uint16_t>(static_cast<std::int16_t>(exponent));
        const auto beside = bank.read(point.table, factor.address, 1).value()[0];
        const bool big = point.byte_order == Order::big;
        const auto word = (big ? beside : swapped(beside)) & ~factor.mask;
        const auto both = static_cast<std::uint16_t>(word | (content & factor.mask));
        bank.set(point.table, factor.address, big ? both : swapped(both));
    }
    if (!value) {
        write_sentinel(point, bank);
        return;
    }
    const double raw = raw_of(point, *value, exponent);
    if (!point.matches.empty()) return encode_boolean(point, raw != 0, bank);
    switch (point.type) {
        case ValueType::f32:
            return write_word(point, std::bit_cast<std::uint32_t>(static_cast<float>(raw)), bank);
        case ValueType::f64:
            return write_word(point, std::bit_cast<std::uint64_t>(raw), bank);
        case ValueType::boolean:
            return encode_boolean(point, raw != 0, bank);
        case ValueType::datetime:
            return encode_date(point, raw, bank);
        case ValueType::text:
            return;
        default:
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
