// From registers to a value and its quality. A PointDecoder is made once per point and request, so that the
// hot path is one call over words at a fixed position. Pure; used on the bus's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/base/quality.hpp"
#include "core/base/scaling.hpp"
#include "drivers/modbus/register_map.hpp"

namespace sitepower::modbus {

// A value that may be used only when its quality is good; otherwise it is 0.
struct Reading {
    double value = 0;
    Quality quality = Quality::good;
};

class PointDecoder {
  public:
    // block_address: address of the first word of the answers that will be decoded. Not for a text.
    PointDecoder(const RegisterPoint& point, std::uint16_t block_address);

    // words: the answer, one word per register (or one word of 0 or 1 per bit). It must reach as far as the
    // point and its scale factor.
    //
    // value = raw * scale + offset, rounded once (core/base/scaling.hpp). With a scale factor register of
    // content k: raw * scale * 10^k + offset, |k| <= 10 as SunSpec has it, or raw * scale * map[k] + offset;
    // else invalid_scale.
    // raw of an integer: (word & mask) >> shift; signed types take the highest bit that the mask leaves as
    // the sign. A boolean is 1 when the field is one of `matches`, or any bit of it is set. A datetime is the
    // seconds since 1970-01-01, the device's clock taken as UTC.
    // not_implemented: the raw word, as far as invalid_mask shows it, is an entry of `invalid`, or a float is
    // NaN or infinite. out_of_range: outside minimum to maximum, a date that no calendar has, BCD that is
    // none.
    Reading decode(std::span<const std::uint16_t> words) const;

  private:
    enum class Kind : std::uint8_t { unsigned_integer, signed_integer, f32, f64, boolean, datetime };

    void take_factor(const RegisterPoint& point, std::uint16_t block_address);
    std::uint64_t word_bits(std::span<const std::uint16_t> words) const;
    Reading raw_value(std::uint64_t bits) const;
    Reading integer(std::uint64_t field) const;
    Reading date(std::span<const std::uint16_t> words) const;
    Reading scaled(double raw, std::span<const std::uint16_t> words) const;

    Kind kind_ = Kind::unsigned_integer;
    std::uint8_t count_;
    bool low_word_first_;
    bool low_byte_first_;
    bool bcd_;
    std::uint8_t shift_;
    std::uint8_t width_ = 0;  // bits of an integer that mask and shift leave
    bool scaled_by_register_;
    bool has_invalid_factor_ = false;
    std::uint16_t first_;
    std::uint16_t factor_ = 0;
    std::uint16_t factor_mask_ = 0xFFFF;
    std::uint8_t factor_shift_ = 0;
    std::uint16_t invalid_factor_ = 0;
    std::uint64_t mask_;
    std::uint64_t invalid_mask_;
    Scaling scaling_;
    double minimum_;
    double maximum_;
    std::vector<std::uint64_t> invalid_;
    std::vector<std::uint64_t> matches_;
    std::vector<std::pair<std::uint16_t, Scaling>> factors_;  // by content of the scale factor
    std::string date_fields_;
};

}  // namespace sitepower::modbus
