#include "drivers/profile/raw_range.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace sitepower::raw_range_test {
namespace {

using modbus::ValueType;

void expect_range(const RawRange& range, double lowest, double highest) {
    EXPECT_EQ(range.lowest, lowest);
    EXPECT_EQ(range.highest, highest);
}

TEST(RawRange, IsThatOfTheTypeBehindMaskAndShift) {
    expect_range(raw_range({.type = ValueType::u16}), 0, 65535);
    expect_range(raw_range({.type = ValueType::s16}), -32768, 32767);
    expect_range(raw_range({.type = ValueType::u32}), 0, 4294967295.0);
    expect_range(raw_range({.type = ValueType::s64}), -std::ldexp(1.0, 63), std::ldexp(1.0, 63));
    expect_range(raw_range({.type = ValueType::s16, .mask = 0xFF00, .shift = 8}), -128, 127);
    expect_range(raw_range({.type = ValueType::u16, .mask = 0x0FFF, .bcd = true}), 0, 999);
    expect_range(raw_range({.type = ValueType::u16, .matches = {3}}), 0, 1);
    EXPECT_EQ(field_width({.type = ValueType::u32, .mask = 0xF0, .shift = 4}), 4);
}

TEST(ValueRange, IsScaledByAllThatMayScaleIt) {
    expect_range(value_range({.type = ValueType::u16, .scale = -0.1, .offset = 5}), -6548.5, 5);
    expect_range(value_range({.type = ValueType::u16, .scale_factor = modbus::ScaleFactor{}}), 0, 65535e10);
    modbus::ScaleFactor chosen;
    chosen.map = {{0, 0.1}, {1, -1.0}};
    expect_range(value_range({.type = ValueType::s16, .scale_factor = chosen}), -32767, 32768);
}

}  // namespace
}  // namespace sitepower::raw_range_test
