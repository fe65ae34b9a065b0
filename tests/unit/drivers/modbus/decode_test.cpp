#include "drivers/modbus/decode.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

namespace sitepower::modbus::decode_test {
namespace {

Reading decode(const RegisterPoint& point, const std::vector<std::uint16_t>& words) {
    return PointDecoder(point, 0).decode(words);
}

void expect_value(const RegisterPoint& point, const std::vector<std::uint16_t>& words, double value) {
    const auto reading = decode(point, words);
    EXPECT_EQ(reading.quality, Quality::good);
    EXPECT_EQ(reading.value, value);
}

void expect_bad(const RegisterPoint& point, const std::vector<std::uint16_t>& words, Quality quality) {
    const auto reading = decode(point, words);
    EXPECT_EQ(reading.quality, quality);
    EXPECT_EQ(reading.value, 0);
}

// The registers that a device with these orders would send for a raw value.
std::vector<std::uint16_t> encode(std::uint64_t raw, const RegisterPoint& point) {
    const auto count = static_cast<std::size_t>(point.registers());
    std::vector<std::uint16_t> words(count);
    for (std::size_t i = 0; i < count; ++i) {
        auto word = static_cast<std::uint16_t>(raw >> (16 * i));
        if (point.byte_order == Order::little) word = static_cast<std::uint16_t>((word << 8) | (word >> 8));
        words[point.word_order == Order::little ? i : count - 1 - i] = word;
    }
    return words;
}

TEST(Decode, ReadsIntegers) {
    expect_value({.type = ValueType::u16}, {0xFFFE}, 65534);
    expect_value({.type = ValueType::s16}, {0xFFFE}, -2);
    expect_value({.type = ValueType::u32}, {0x0001, 0x0002}, 65538);
    expect_value({.type = ValueType::s32}, {0xFFFF, 0xFFFF}, -1);
    expect_value({.type = ValueType::s64}, {0xFFFF, 0xFFFF, 0xFFFF, 0xFFFD}, -3);
    expect_value({.type = ValueType::u64}, {0, 0, 1, 0}, 65536);
}

TEST(Decode, ReadsFloats) {
    expect_value({.type = ValueType::f32}, {0x4366, 0x8000}, 230.5);
    expect_value({.type = ValueType::f32, .word_order = Order::little}, {0x8000, 0x4366}, 230.5);
    expect_value({.type = ValueType::f64}, {0x4002, 0x0000, 0x0000, 0x0000}, 2.25);
}

TEST(Decode, ReadsBits) {
    expect_value({.table = Table::coil, .type = ValueType::boolean}, {1}, 1);
    expect_value({.type = ValueType::boolean, .mask = 0x0004}, {0x0004}, 1);
    expect_value({.type = ValueType::boolean, .mask = 0x0004}, {0xFFFB}, 0);
}

TEST(Decode, MasksBeforeSignAndScale) {
    expect_value({.mask = 0x0FF0, .shift = 4, .scale = 0.5}, {0xA12B}, 0x12 * 0.5);
    // The highest bit of the field is the sign, not that of the register.
    expect_value({.type = ValueType::s16, .mask = 0x0FF0, .shift = 4}, {0x0FE0}, -2);
    expect_value({.type = ValueType::s16, .mask = 0x0FF0, .shift = 4}, {0xF7F0}, 127);
}

TEST(Decode, ScalesInTheOrderThatTheStoreInverts) {
    for (int raw = 0; raw < 65536; ++raw) {
        const auto word = static_cast<std::uint16_t>(raw);
        const auto reading = decode({.scale = 0.1, .offset = -40}, {word});
        ASSERT_EQ(reading.value, Scaling(0.1, -40).value(raw));
        ASSERT_EQ(std::llround((reading.value + 40) / 0.1), raw);
    }
}

TEST(Decode, AppliesTheScaleFactorOfTheSameAnswer) {
    const RegisterPoint point{.type = ValueType::s16, .scale_factor = ScaleFactor{.address = 3}};
    expect_value(point, {543, 0, 0, 0xFFFF}, 54.3);
    expect_value(point, {543, 0, 0, 2}, 54300);
    expect_value(point, {543, 0, 0, 0}, 543);
    expect_value(point, {543, 0, 0, 0xFFF6}, 543 / 1e10);
    expect_bad(point, {543, 0, 0, 0x8000}, Quality::invalid_scale);
    expect_bad(point, {543, 0, 0, 11}, Quality::invalid_scale);
    expect_bad(point, {543, 0, 0, 0x7FFF}, Quality::invalid_scale);
}

TEST(Decode, SentinelsAreNotValues) {
    expect_bad({.invalid = {0xFFFF}}, {0xFFFF}, Quality::not_implemented);
    expect_bad({.type = ValueType::s16, .invalid = {0x8000}}, {0x8000}, Quality::not_implemented);
    expect_bad({.type = ValueType::s16, .invalid = {0xFFFFFFFFFFFF8000}}, {0x8000}, Quality::not_implemented);
    expect_bad({.type = ValueType::u32, .word_order = Order::little, .invalid = {0x80000000}}, {0, 0x8000},
               Quality::not_implemented);
    // The whole register is compared, not the field.
    expect_value({.mask = 0xFF, .invalid = {0xFF}}, {0x01FF}, 0xFF);
    // A missing value says more than its missing factor.
    expect_bad({.scale_factor = ScaleFactor{.address = 1}, .invalid = {0x8000}}, {0x8000, 0x8000},
               Quality::not_implemented);
}

TEST(Decode, FloatsThatAreNoNumbersAreNotImplemented) {
    for (const float value : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                              -std::numeric_limits<float>::infinity()}) {
        const RegisterPoint point{.type = ValueType::f32};
        expect_bad(point, encode(std::bit_cast<std::uint32_t>(value), point), Quality::not_implemented);
    }
    const RegisterPoint wide{.type = ValueType::f64};
    expect_bad(wide, encode(std::bit_cast<std::uint64_t>(std::nan("")), wide), Quality::not_implemented);
}

TEST(Decode, ValuesOutsideTheirRangeAreMarked) {
    const RegisterPoint percent{.minimum = 0, .maximum = 100};
    expect_value(percent, {0}, 0);
    expect_value(percent, {100}, 100);
    expect_bad(percent, {101}, Quality::out_of_range);
    expect_bad({.type = ValueType::s16, .minimum = 0}, {0xFFFF}, Quality::out_of_range);
    // 2^53 and the first that no double holds, of either sign.
    expect_value({.type = ValueType::u64}, {0x0020, 0, 0, 0}, 9'007'199'254'740'992);
    expect_bad({.type = ValueType::u64}, {0x0020, 0, 0, 1}, Quality::out_of_range);
    expect_value({.type = ValueType::s64}, {0xFFE0, 0, 0, 0}, -9'007'199'254'740'992);
    expect_bad({.type = ValueType::s64}, {0xFFDF, 0xFFFF, 0xFFFF, 0xFFFF}, Quality::out_of_range);
    expect_bad({.type = ValueType::s64}, {0x8000, 0, 0, 0}, Quality::out_of_range);
    const RegisterPoint huge{.type = ValueType::f64, .scale = 10};
    expect_bad(huge, encode(std::bit_cast<std::uint64_t>(1e308), huge), Quality::out_of_range);
}

TEST(Decode, FindsThePointInsideItsBlock) {
    const PointDecoder decoder({.address = 107, .scale_factor = ScaleFactor{.address = 100}}, 100);
    const std::vector<std::uint16_t> words{1, 0, 0, 0, 0, 0, 0, 42};
    EXPECT_EQ(decoder.decode(words).value, 420);
}

double expected_of(std::uint64_t raw, ValueType type) {
    switch (type) {
        case ValueType::s16:
            return static_cast<std::int16_t>(raw);
        case ValueType::s32:
            return static_cast<std::int32_t>(raw);
        case ValueType::s48:
            return static_cast<double>(static_cast<std::int64_t>(raw << 16) >> 16);
        case ValueType::s64:
            return static_cast<double>(static_cast<std::int64_t>(raw));
        case ValueType::f32:
            return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(raw)));
        case ValueType::f64:
            return std::bit_cast<double>(raw);
        default:
            return static_cast<double>(raw);
    }
}

TEST(Decode, RoundTripsAllTypesInAllOrders) {
    std::mt19937_64 random(11);
    for (int round = 0; round < 20'000; ++round) {
        RegisterPoint point;
        point.type = static_cast<ValueType>(random() % 10);
        point.word_order = static_cast<Order>(random() % 2);
        point.byte_order = static_cast<Order>(random() % 2);
        const int bits = 16 * point.registers();
        const auto raw = random() & (~std::uint64_t{0} >> (64 - bits));
        const auto expected = expected_of(raw, point.type);
        const auto reading = decode(point, encode(raw, point));
        const bool is_integer = point.type != ValueType::f32 && point.type != ValueType::f64;
        if (is_integer && std::abs(expected) > 9'007'199'254'740'992.0) {
            ASSERT_EQ(reading.quality, Quality::out_of_range);
        } else if (std::isfinite(expected)) {
            ASSERT_EQ(reading.quality, Quality::good);
            ASSERT_EQ(reading.value, expected);
        } else {
            ASSERT_EQ(reading.quality, Quality::not_implemented);
        }
    }
}

TEST(Decode, DecimalsAreExact) {
    expect_value({.scale = 0.1}, {4914}, 491.4);
    expect_value({.scale = 0.1, .offset = -40}, {653}, 25.3);
    expect_value({.scale = -0.1}, {0}, 0);
    EXPECT_FALSE(std::signbit(decode({.scale = -0.1}, {0}).value));
}

TEST(Decode, FortyEightBits) {
    expect_value({.type = ValueType::u48}, {0x0001, 0x0002, 0x0003}, 4295098371.0);
    expect_value({.type = ValueType::u48, .word_order = Order::little}, {0x0003, 0x0002, 0x0001},
                 4295098371.0);
    expect_value({.type = ValueType::s48}, {0xFFFF, 0xFFFF, 0xFFFE}, -2);
}

TEST(Decode, ABinaryCodedDecimal) {
    expect_value({.bcd = true}, {0x1234}, 1234);
    expect_value({.type = ValueType::u32, .scale = 0.01, .bcd = true}, {0x0012, 0x3456}, 1234.56);
    expect_bad({.bcd = true}, {0x12A4}, Quality::out_of_range);
}

TEST(Decode, ABooleanOfSomeFields) {
    const RegisterPoint state{.mask = 0x00F0, .shift = 4, .matches = {3, 5}};
    expect_value(state, {0xFF3F}, 1);
    expect_value(state, {0xFF5F}, 1);
    expect_value(state, {0xFF4F}, 0);
    const RegisterPoint unknown{.invalid = {0xFFFF}, .matches = {3}};
    expect_bad(unknown, {0xFFFF}, Quality::not_implemented);
}

TEST(Decode, OneByteMaySayThatTheOtherIsInvalid) {
    const RegisterPoint temperature{.mask = 0x00FF, .invalid = {0xFF00}, .invalid_mask = 0xFF00};
    expect_value(temperature, {0x0019}, 25);
    expect_bad(temperature, {0xFF19}, Quality::not_implemented);
    expect_bad(temperature, {0xFFFF}, Quality::not_implemented);
}

TEST(Decode, AnotherRegisterChoosesTheScale) {
    const RegisterPoint point{
        .address = 5,
        .scale = 0.1,
        .scale_factor = ScaleFactor{.address = 0, .invalid = {}, .map = {{0, 1}, {1, 0.1}}}};
    const PointDecoder decoder(point, 0);
    EXPECT_EQ(decoder.decode(std::vector<std::uint16_t>{0, 0, 0, 0, 0, 5412}).value, 541.2);
    EXPECT_EQ(decoder.decode(std::vector<std::uint16_t>{1, 0, 0, 0, 0, 5412}).value, 54.12);
    EXPECT_EQ(decoder.decode(std::vector<std::uint16_t>{2, 0, 0, 0, 0, 5412}).quality,
              Quality::invalid_scale);
}

TEST(Decode, ABitOfTheSameRegisterMayBeTheSign) {
    const RegisterPoint point{
        .mask = 0x7FFF,
        .scale = 0.1,
        .scale_factor = ScaleFactor{.mask = 0x8000, .shift = 15, .invalid = {}, .map = {{0, 1}, {1, -1}}}};
    expect_value(point, {0x0064}, 10);
    expect_value(point, {0x8064}, -10);
    auto swapped = point;
    swapped.byte_order = Order::little;
    expect_value(swapped, {0x6480}, -10);
}

TEST(Decode, Datetimes) {
    const RegisterPoint six_bytes{.type = ValueType::datetime, .length = 3, .date_fields = "YMDhms"};
    expect_value(six_bytes, {1797, 4362, 11540}, 1179398720);  // 2007-05-17 10:45:20
    const RegisterPoint six_words{.type = ValueType::datetime, .length = 6, .date_fields = "YY-M-D-h-m-s"};
    expect_value(six_words, {2007, 5, 17, 10, 45, 20}, decode(six_bytes, {1797, 4362, 11540}).value);
    const RegisterPoint digits{
        .type = ValueType::datetime, .bcd = true, .length = 3, .date_fields = "YMDhms"};
    expect_value(digits, {0x0705, 0x1710, 0x4520}, decode(six_bytes, {1797, 4362, 11540}).value);
    const RegisterPoint four_digits{
        .type = ValueType::datetime, .bcd = true, .length = 4, .date_fields = "DMYYhms-"};
    expect_value(four_digits, {0x1705, 0x2007, 0x1045, 0x2000}, decode(six_bytes, {1797, 4362, 11540}).value);
    const RegisterPoint swapped{
        .type = ValueType::datetime, .byte_order = Order::little, .length = 3, .date_fields = "YMDhms"};
    expect_value(swapped, {0x0507, 0x0A11, 0x142D}, decode(six_bytes, {1797, 4362, 11540}).value);
}

TEST(Decode, NoCalendarHasSuchADate) {
    const RegisterPoint date{.type = ValueType::datetime, .length = 3, .date_fields = "YMDhms"};
    expect_bad(date, {0, 0, 0}, Quality::out_of_range);
    expect_bad(date, {0xFFFF, 0xFFFF, 0xFFFF}, Quality::out_of_range);
    expect_bad(date, {0x0702, 0x1E00, 0}, Quality::out_of_range);       // 30 February
    expect_bad(date, {0x0705, 0x1118, 0x0000}, Quality::out_of_range);  // 24 o'clock
}

}  // namespace
}  // namespace sitepower::modbus::decode_test
