#include "drivers/modbus/decode.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

namespace sitepower::modbus {
namespace {

constexpr int largest_exponent = 10;
constexpr std::array<double, largest_exponent + 1> powers_of_ten = {1,   1e1, 1e2, 1e3, 1e4, 1e5,
                                                                    1e6, 1e7, 1e8, 1e9, 1e10};

constexpr std::uint64_t low_bits(int count) {
    return count >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
}

constexpr std::uint16_t swap_bytes(std::uint16_t word) {
    return static_cast<std::uint16_t>((word << 8) | (word >> 8));
}

}  // namespace

PointDecoder::PointDecoder(const RegisterPoint& point, std::uint16_t block_address)
    : kind_(Kind::unsigned_integer),
      count_(static_cast<std::uint8_t>(point.registers())),
      low_word_first_(point.word_order == Order::little),
      low_byte_first_(point.byte_order == Order::little),
      shift_(std::min<std::uint8_t>(point.shift, 63)),
      width_(0),
      scaled_by_register_(point.scale_factor.has_value()),
      first_(static_cast<std::uint16_t>(point.address - block_address)),
      mask_(point.mask),
      scale_(point.scale),
      offset_(point.offset),
      minimum_(point.minimum.value_or(-std::numeric_limits<double>::infinity())),
      maximum_(point.maximum.value_or(std::numeric_limits<double>::infinity())) {
    if (point.table == Table::coil || point.table == Table::discrete) {
        count_ = 1;
        low_byte_first_ = false;
    }
    const auto all = low_bits(16 * count_);
    mask_ &= all;
    width_ = static_cast<std::uint8_t>(std::max(0, static_cast<int>(std::bit_width(mask_)) - shift_));
    switch (point.type) {
        case ValueType::boolean:
            kind_ = Kind::boolean;
            break;
        case ValueType::u16:
        case ValueType::u32:
        case ValueType::u64:
            break;
        case ValueType::s16:
        case ValueType::s32:
        case ValueType::s64:
            kind_ = Kind::signed_integer;
            break;
        case ValueType::f32:
            kind_ = Kind::f32;
            break;
        case ValueType::f64:
            kind_ = Kind::f64;
            break;
    }
    for (const auto sentinel : point.invalid) invalid_.push_back(sentinel & all);
    if (point.scale_factor) {
        factor_ = static_cast<std::uint16_t>(point.scale_factor->address - block_address);
        has_invalid_factor_ = point.scale_factor->invalid.has_value();
        invalid_factor_ = point.scale_factor->invalid.value_or(0);
    }
}

std::uint64_t PointDecoder::word_bits(std::span<const std::uint16_t> words) const {
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < count_; ++i) {
        const auto word = words[first_ + (low_word_first_ ? count_ - 1 - i : i)];
        bits = (bits << 16) | (low_byte_first_ ? swap_bytes(word) : word);
    }
    return bits;
}

std::optional<double> PointDecoder::raw_value(std::uint64_t bits) const {
    if (kind_ == Kind::f32 || kind_ == Kind::f64) {
        const double value =
            kind_ == Kind::f64 ? std::bit_cast<double>(bits)
                               : static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
        return std::isfinite(value) ? std::optional(value) : std::nullopt;
    }
    const std::uint64_t field = (bits & mask_) >> shift_;
    if (kind_ == Kind::boolean) return field != 0 ? 1.0 : 0.0;
    const bool negative = kind_ == Kind::signed_integer && width_ > 0 && ((field >> (width_ - 1)) & 1U) != 0;
    if (negative) return static_cast<double>(static_cast<std::int64_t>(field | ~low_bits(width_)));
    return static_cast<double>(field);
}

std::optional<int> PointDecoder::exponent(std::span<const std::uint16_t> words) const {
    const auto word = low_byte_first_ ? swap_bytes(words[factor_]) : words[factor_];
    if (has_invalid_factor_ && word == invalid_factor_) return std::nullopt;
    const int value = static_cast<std::int16_t>(word);
    if (std::abs(value) > largest_exponent) return std::nullopt;
    return value;
}

Reading PointDecoder::decode(std::span<const std::uint16_t> words) const {
    const auto bits = word_bits(words);
    if (std::ranges::find(invalid_, bits) != invalid_.end()) return {0, Quality::not_implemented};
    const auto raw = raw_value(bits);
    if (!raw) return {0, Quality::not_implemented};
    double value = *raw * scale_;
    if (scaled_by_register_) {
        const auto power = exponent(words);
        if (!power) return {0, Quality::invalid_scale};
        // Dividing by a power of ten rounds once; multiplying by 0.1 and its like would round twice.
        const auto factor = powers_of_ten[static_cast<std::size_t>(std::abs(*power))];
        value = *power < 0 ? value / factor : value * factor;
    }
    value += offset_;
    if (!std::isfinite(value) || value < minimum_ || value > maximum_) return {0, Quality::out_of_range};
    return {value, Quality::good};
}

}  // namespace sitepower::modbus
