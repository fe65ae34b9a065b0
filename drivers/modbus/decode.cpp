#include "drivers/modbus/decode.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <limits>

namespace sitepower::modbus {
namespace {

constexpr std::uint64_t low_bits(int count) {
    return count >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
}

constexpr std::uint16_t swap_bytes(std::uint16_t word) {
    return static_cast<std::uint16_t>((word << 8) | (word >> 8));
}

// The digits of a binary coded decimal; nullopt when four bits are no digit.
std::optional<std::uint64_t> from_bcd(std::uint64_t bits) {
    std::uint64_t number = 0;
    for (int i = 60; i >= 0; i -= 4) {
        const std::uint64_t digit = (bits >> i) & 0xF;
        if (digit > 9) return std::nullopt;
        number = number * 10 + digit;
    }
    return number;
}

// What a letter of date_fields stands for, in this order.
constexpr std::string_view date_letters = "YMDhms";

}  // namespace

PointDecoder::PointDecoder(const RegisterPoint& point, std::uint16_t block_address)
    : count_(static_cast<std::uint8_t>(point.registers())),
      low_word_first_(point.word_order == Order::little),
      low_byte_first_(point.byte_order == Order::little),
      bcd_(point.bcd),
      shift_(std::min<std::uint8_t>(point.shift, 63)),
      scaled_by_register_(point.scale_factor.has_value()),
      first_(static_cast<std::uint16_t>(point.address - block_address)),
      mask_(point.mask),
      invalid_mask_(point.invalid_mask),
      scaling_(point.scale, point.offset),
      minimum_(point.minimum.value_or(-std::numeric_limits<double>::infinity())),
      maximum_(point.maximum.value_or(std::numeric_limits<double>::infinity())),
      matches_(point.matches),
      date_fields_(point.date_fields) {
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
        case ValueType::u48:
        case ValueType::u64:
        case ValueType::text:
            break;
        case ValueType::s16:
        case ValueType::s32:
        case ValueType::s48:
        case ValueType::s64:
            kind_ = Kind::signed_integer;
            break;
        case ValueType::f32:
            kind_ = Kind::f32;
            break;
        case ValueType::f64:
            kind_ = Kind::f64;
            break;
        case ValueType::datetime:
            kind_ = Kind::datetime;
            break;
    }
    if (!matches_.empty()) kind_ = Kind::boolean;
    for (const auto sentinel : point.invalid) invalid_.push_back(sentinel & all & invalid_mask_);
    if (point.scale_factor) take_factor(point, block_address);
}

void PointDecoder::take_factor(const RegisterPoint& point, std::uint16_t block_address) {
    const ScaleFactor& factor = *point.scale_factor;
    factor_ = static_cast<std::uint16_t>(factor.address - block_address);
    factor_mask_ = factor.mask;
    factor_shift_ = factor.shift;
    has_invalid_factor_ = factor.invalid.has_value();
    invalid_factor_ = factor.invalid.value_or(0);
    for (const auto& [content, by] : factor.map) {
        // As exact as the product can be: 0.1 * 0.1 is 0.01.
        factors_.emplace_back(content, Scaling(Scaling(point.scale, 0).value(by), point.offset));
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

Reading PointDecoder::integer(std::uint64_t field) const {
    if (bcd_) {
        const auto number = from_bcd(field);
        if (!number) return {0, Quality::out_of_range};
        return {static_cast<double>(*number), Quality::good};
    }
    const bool negative = kind_ == Kind::signed_integer && width_ > 0 && ((field >> (width_ - 1)) & 1U) != 0;
    const auto number = static_cast<std::int64_t>(negative ? field | ~low_bits(width_) : field);
    const auto magnitude = negative ? -static_cast<std::uint64_t>(number) : field;
    // A number of a double is no longer exact beyond.
    if (magnitude > std::uint64_t{1} << 53U) return {0, Quality::out_of_range};
    return {negative ? static_cast<double>(number) : static_cast<double>(field), Quality::good};
}

Reading PointDecoder::raw_value(std::uint64_t bits) const {
    if (kind_ == Kind::f32 || kind_ == Kind::f64) {
        const double value =
            kind_ == Kind::f64 ? std::bit_cast<double>(bits)
                               : static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
        if (!std::isfinite(value)) return {0, Quality::not_implemented};
        return {value, Quality::good};
    }
    const std::uint64_t field = (bits & mask_) >> shift_;
    if (kind_ != Kind::boolean) return integer(field);
    const bool set = matches_.empty() ? field != 0 : std::ranges::find(matches_, field) != matches_.end();
    return {set ? 1.0 : 0.0, Quality::good};
}

Reading PointDecoder::date(std::span<const std::uint16_t> words) const {
    unsigned fields[date_letters.size()] = {0, 1, 1, 0, 0, 0};
    char last = '-';
    for (std::size_t i = 0; i < date_fields_.size(); ++i) {
        const auto word = words[first_ + i / 2];
        const bool high = (i % 2 == 0) != low_byte_first_;
        unsigned byte = high ? word >> 8 : word & 0xFFU;
        if (bcd_) {
            const auto number = from_bcd(byte);
            if (!number) return {0, Quality::out_of_range};
            byte = static_cast<unsigned>(*number);
        }
        const char letter = date_fields_[i];
        const auto at = date_letters.find(letter);
        if (at < date_letters.size())
            fields[at] = letter == last ? fields[at] * (bcd_ ? 100 : 256) + byte : byte;
        last = letter;
    }
    const auto [year, month, day, hour, minute, second] = fields;
    const std::chrono::year_month_day ymd{
        std::chrono::year(static_cast<int>(year < 100 ? 2000 + year : year)), std::chrono::month(month),
        std::chrono::day(day)};
    if (year > 9999 || !ymd.ok() || hour > 23 || minute > 59 || second > 59)
        return {0, Quality::out_of_range};
    const auto time = std::chrono::sys_days(ymd) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
                      std::chrono::seconds(second);
    return {static_cast<double>(
                std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count()),
            Quality::good};
}

Reading PointDecoder::scaled(double raw, std::span<const std::uint16_t> words) const {
    if (!scaled_by_register_) return {scaling_.value(raw), Quality::good};
    const auto content = low_byte_first_ ? swap_bytes(words[factor_]) : words[factor_];
    if (!factors_.empty()) {
        const auto field = static_cast<std::uint16_t>((content & factor_mask_) >> factor_shift_);
        const auto found = std::ranges::find(factors_, field, &std::pair<std::uint16_t, Scaling>::first);
        if (found == factors_.end()) return {0, Quality::invalid_scale};
        return {found->second.value(raw), Quality::good};
    }
    const int exponent = static_cast<std::int16_t>(content);
    if ((has_invalid_factor_ && content == invalid_factor_) || std::abs(exponent) > Scaling::max_exponent) {
        return {0, Quality::invalid_scale};
    }
    return {scaling_.value(raw, exponent), Quality::good};
}

Reading PointDecoder::decode(std::span<const std::uint16_t> words) const {
    Reading raw;
    if (kind_ == Kind::datetime) {
        raw = date(words);
    } else {
        const auto bits = word_bits(words);
        if (std::ranges::find(invalid_, bits & invalid_mask_) != invalid_.end()) {
            return {0, Quality::not_implemented};
        }
        raw = raw_value(bits);
    }
    if (raw.quality != Quality::good) return raw;
    const auto reading = scaled(raw.value, words);
    if (reading.quality != Quality::good) return reading;
    if (!std::isfinite(reading.value) || reading.value < minimum_ || reading.value > maximum_) {
        return {0, Quality::out_of_range};
    }
    return reading;
}

}  // namespace sitepower::modbus
