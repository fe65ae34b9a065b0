#include "drivers/sim/encode.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "drivers/modbus/decode.hpp"
#include "drivers/profile/expand.hpp"
#include "drivers/profile/load.hpp"
#include "drivers/sim/noise.hpp"

namespace sitepower::sim::encode_test {
namespace {

using modbus::RegisterPoint;
using modbus::ValueType;

// Decodes the point as a bus would after reading everything from its first register to its last.
modbus::Reading read_back(const RegisterPoint& point, const RegisterBank& bank) {
    int first = point.address;
    int end = first + point.registers();
    if (point.scale_factor) {
        first = std::min<int>(first, point.scale_factor->address);
        end = std::max<int>(end, point.scale_factor->address + 1);
    }
    std::vector<std::uint16_t> words;
    for (int address = first; address < end; ++address) {
        const auto word = bank.read(point.table, static_cast<std::uint16_t>(address), 1);
        words.push_back(word ? (*word)[0] : 0);
    }
    return modbus::PointDecoder(point, static_cast<std::uint16_t>(first)).decode(words);
}

// The values that the point can say: within its range and within its registers, sentinels left alone.
struct Span {
    double lowest;
    double highest;
};

Span span_of(const RegisterPoint& point, int exponent) {
    double raw_lowest = 0;
    double raw_highest = 1;
    if (point.type == ValueType::f32 || point.type == ValueType::f64) {
        raw_lowest = -1e6;
        raw_highest = 1e6;
    } else if (point.type == ValueType::datetime) {
        raw_lowest = 946'684'800;     // 2000
        raw_highest = 4'102'444'799;  // 2099
    } else if (point.type != ValueType::boolean && point.matches.empty()) {
        const std::uint64_t all =
            point.registers() == 4 ? ~std::uint64_t{0} : (std::uint64_t{1} << (16 * point.registers())) - 1;
        const int width = static_cast<int>(std::bit_width((point.mask & all) >> point.shift));
        const bool is_signed = point.type == ValueType::s16 || point.type == ValueType::s32 ||
                               point.type == ValueType::s48 || point.type == ValueType::s64;
        // 52 bits: a double says every integer up to there.
        const int bits = std::min(is_signed ? width - 1 : width, 52);
        raw_highest = std::exp2(bits) - 2;
        raw_lowest = is_signed ? -std::exp2(bits) + 2 : 0;
        if (width == 1) raw_highest = 1;
        if (point.bcd) raw_lowest = 0, raw_highest = std::pow(10, width / 4) - 1;
    }
    double step = point.scale * (point.scale_factor ? std::pow(10, exponent) : 1);
    if (point.scale_factor && !point.scale_factor->map.empty()) {
        const auto& map = point.scale_factor->map;
        step = point.scale * map[static_cast<std::size_t>(std::abs(exponent)) % map.size()].second;
    }
    double a = raw_lowest * step + point.offset;
    double b = raw_highest * step + point.offset;
    if (a > b) std::swap(a, b);
    if (point.minimum) a = std::max(a, *point.minimum);
    if (point.maximum) b = std::min(b, *point.maximum);
    return {a, b};
}

// A number that would mean "not available": the encoder moves aside.
bool would_be_sentinel(const RegisterPoint& point, double value) {
    const auto raw = static_cast<std::int64_t>(std::llround((value - point.offset) / point.scale));
    const std::uint64_t bits =
        point.registers() >= 4 ? ~std::uint64_t{0} : (std::uint64_t{1} << (16 * point.registers())) - 1;
    return std::ranges::any_of(point.invalid, [&](std::uint64_t sentinel) {
        return ((sentinel ^ static_cast<std::uint64_t>(raw)) & point.invalid_mask & bits) == 0;
    });
}

void expect_same(const RegisterPoint& point, const std::string& name, double value, int exponent) {
    RegisterBank bank;
    define(point, bank);
    encode(point, value, exponent, bank);
    const modbus::Reading reading = read_back(point, bank);
    // At the edge of a range rounding may step outside by half a digit; the bus then says out_of_range.
    if (reading.quality == Quality::out_of_range) {
        const double edge = std::min(std::abs(value - point.minimum.value_or(-1e300)),
                                     std::abs(value - point.maximum.value_or(1e300)));
        EXPECT_LE(edge, resolution(point, value, exponent)) << name << " = " << value;
        return;
    }
    ASSERT_EQ(reading.quality, Quality::good) << name << " = " << value;
    const double aside = would_be_sentinel(point, value)
                             ? static_cast<double>(point.invalid.size()) * std::abs(point.scale)
                             : 0;
    EXPECT_NEAR(reading.value, value, aside + resolution(point, value, exponent)) << name;
}

TEST(Encode, EveryPointOfEveryShippedProfileReadsBack) {
    Noise noise(42);
    int points = 0;
    for (const auto& entry : std::filesystem::directory_iterator(SITEPOWER_SOURCE_DIR "/config/devices")) {
        schema::Diagnostics diagnostics;
        const auto profile = load_profile(entry.path(), diagnostics);
        ASSERT_TRUE(profile) << entry.path();
        for (const PlacedPoint& placed : place_points(*profile)) {
            const RegisterPoint& point = placed.point.registers;
            for (const int exponent : {-2, -1, 0, 1}) {
                if (exponent != 0 && !point.scale_factor) continue;
                const Span span = span_of(point, exponent);
                for (int i = 0; i < 20; ++i) {
                    double value = span.lowest + (span.highest - span.lowest) * noise.uniform();
                    const bool is_flag = point.type == ValueType::boolean || !point.matches.empty();
                    if (std::popcount(point.mask) == 1 || is_flag) value = i % 2;
                    if (point.type == ValueType::datetime) value = std::floor(value);
                    expect_same(point, profile->id + " " + placed.point.name, value, exponent);
                }
            }
            ++points;
        }
    }
    EXPECT_GT(points, 400);
}

TEST(Encode, AClockInDecimalDigitsReadsBack) {
    for (const auto* fields : {"YMDhms--", "DMYYhms-"}) {
        const RegisterPoint clock{
            .type = ValueType::datetime, .bcd = true, .length = 4, .date_fields = fields};
        expect_same(clock, fields, 1'795'812'345, 0);
    }
}

TEST(Encode, SignAndMagnitudeOfOneRegisterReadBack) {
    const RegisterPoint point{.mask = 0x7FFF,
                              .scale_factor = modbus::ScaleFactor{
                                  .mask = 0x8000, .shift = 15, .invalid = {}, .map = {{0, 1}, {1, -1}}}};
    expect_same(point, "positive", 1234, 0);
    expect_same(point, "negative", -1234, 1);
}

TEST(Encode, EveryTypeAndOrderReadsBack) {
    Noise noise(43);
    for (const auto type : {ValueType::u16, ValueType::s16, ValueType::u32, ValueType::s32, ValueType::u64,
                            ValueType::u48, ValueType::s48, ValueType::s64, ValueType::f32, ValueType::f64}) {
        for (const auto words : {modbus::Order::big, modbus::Order::little}) {
            for (const auto bytes : {modbus::Order::big, modbus::Order::little}) {
                RegisterPoint point;
                point.address = 5;
                point.type = type;
                point.word_order = words;
                point.byte_order = bytes;
                point.scale = -0.01;
                point.offset = 40;
                const Span span = span_of(point, 0);
                for (int i = 0; i < 50; ++i) {
                    const double value = span.lowest + (span.highest - span.lowest) * noise.uniform();
                    expect_same(point, "point", value, 0);
                }
            }
        }
    }
}

TEST(Encode, SentinelsReadAsNotImplemented) {
    RegisterPoint point;
    point.type = ValueType::s16;
    point.invalid = {0x8000};
    RegisterBank bank;
    define(point, bank);
    encode(point, std::nullopt, 0, bank);
    EXPECT_EQ(read_back(point, bank).quality, Quality::not_implemented);
    for (const auto type : {ValueType::f32, ValueType::f64}) {
        point.type = type;
        point.invalid.clear();
        define(point, bank);
        encode(point, std::nullopt, 0, bank);
        EXPECT_EQ(read_back(point, bank).quality, Quality::not_implemented);
    }
}

TEST(Encode, SaturatesBesideItsSentinels) {
    RegisterPoint point;
    point.invalid = {0xFFFF, 0xFFFE};
    RegisterBank bank;
    define(point, bank);
    encode(point, 1e9, 0, bank);
    EXPECT_EQ(read_back(point, bank).value, 0xFFFD);
    encode(point, -5, 0, bank);
    EXPECT_EQ(read_back(point, bank).value, 0);
    point.type = ValueType::s16;
    point.invalid = {0x8000};
    encode(point, -1e9, 0, bank);
    EXPECT_EQ(read_back(point, bank).value, -32767);
    encode(point, 1e9, 0, bank);
    EXPECT_EQ(read_back(point, bank).value, 32767);
}

TEST(Encode, FieldsOfOneWordLeaveEachOtherAlone) {
    RegisterPoint low;
    low.mask = 0x000F;
    RegisterPoint flag;
    flag.mask = 0x0100;
    flag.shift = 8;
    RegisterPoint high;
    high.type = ValueType::s16;
    high.mask = 0xF000;
    high.shift = 12;
    RegisterBank bank;
    define(low, bank);
    encode(low, 9, 0, bank);
    encode(flag, 1, 0, bank);
    encode(high, -3, 0, bank);
    encode(low, 6, 0, bank);
    EXPECT_EQ(read_back(low, bank).value, 6);
    EXPECT_EQ(read_back(flag, bank).value, 1);
    EXPECT_EQ(read_back(high, bank).value, -3);
    EXPECT_EQ((*bank.read(modbus::Table::holding, 0, 1))[0], 0xD106);
}

}  // namespace
}  // namespace sitepower::sim::encode_test
