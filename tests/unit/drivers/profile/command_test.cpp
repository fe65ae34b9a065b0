#include "drivers/profile/command.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "core/base/scaling.hpp"
#include "drivers/modbus/decode.hpp"

namespace sitepower::command_test {
namespace {

Profile profile_with(ProfileCommand command) {
    Profile profile;
    profile.poll = {{"fast", Duration{1000}}};
    profile.defaults.poll = "fast";
    ProfilePoint point;
    point.name = "limit_a";
    point.address = 100;
    point.scale = 0.1;
    profile.points = {point};
    profile.commands = {std::move(command)};
    return profile;
}

ProfileCommand setting(PointType type = PointType::u16, double scale = 0.1) {
    ProfileCommand command;
    command.name = "limit";
    command.address = 100;
    command.type = type;
    command.range = {0, 200};
    command.scale = scale;
    command.verify = "limit_a";
    return command;
}

DeviceCommand resolved(ProfileCommand command) {
    return commands_of(profile_with(std::move(command)), 7).front();
}

TEST(Command, OfAValueBecomesWordsAndWhatThePointThenShows) {
    const auto ordered = order_of(resolved(setting()), 60.04);
    ASSERT_TRUE(ordered);
    EXPECT_EQ(ordered->written, 60.0);
    EXPECT_EQ(ordered->order.request.unit, 7);
    EXPECT_EQ(ordered->order.request.address, 100);
    EXPECT_EQ(ordered->order.request.words, std::vector<std::uint16_t>{600});
    ASSERT_TRUE(ordered->order.read_back);
    EXPECT_NEAR(ordered->order.read_back->lowest, 59.95, 1e-6);
    EXPECT_NEAR(ordered->order.read_back->highest, 60.05, 1e-6);
    EXPECT_EQ(ordered->order.settle, Duration{100}) << "the profile's write_settle_ms";
}

TEST(Command, OfFixedWordsTakesNoValue) {
    auto command = setting();
    command.range.clear();
    command.write = {35701, 29834};
    command.expect = {1, 1};
    command.settle = Duration{7};
    command.multiple = true;
    const auto known = resolved(command);
    EXPECT_FALSE(order_of(known, 1.0));
    const auto ordered = order_of(known, {});
    ASSERT_TRUE(ordered);
    EXPECT_EQ(ordered->order.request.words, (std::vector<std::uint16_t>{35701, 29834}));
    EXPECT_TRUE(ordered->order.request.multiple);
    EXPECT_EQ(ordered->order.read_back->lowest, 1);
    EXPECT_EQ(ordered->order.settle, Duration{7});
    EXPECT_FALSE(ordered->written);
}

TEST(Command, NeverLeavesItsRange) {
    const auto known = resolved(setting());
    for (const double value : {-0.1, 200.1, 1e300, -1e300, std::numeric_limits<double>::quiet_NaN(),
                               std::numeric_limits<double>::infinity()}) {
        const auto ordered = order_of(known, value);
        ASSERT_FALSE(ordered) << value;
        EXPECT_EQ(ordered.error().code, ErrorCode::validation_error);
    }
    EXPECT_FALSE(order_of(known, {})) << "needs one";
    auto odd = setting();
    odd.range = {0, 0.24};  // 0.24 would become 0.2, and 0.26 is out of it
    EXPECT_TRUE(order_of(resolved(odd), 0.24));
    odd.range = {0, 0.26};  // 0.26 would be rounded to 0.3
    EXPECT_FALSE(order_of(resolved(odd), 0.26));
    auto wide = setting(PointType::u16, 0.001);
    EXPECT_FALSE(order_of(resolved(wide), 65.536)) << "does not fit into the register";
}

// What the device then holds decodes to what was said to be written, and is the nearest that it can hold.
TEST(Command, DecodesToWhatWasWritten) {
    std::mt19937 random(5);
    constexpr std::array types{PointType::u16, PointType::s16, PointType::u32, PointType::s32,
                               PointType::f32};
    constexpr std::array read{modbus::ValueType::u16, modbus::ValueType::s16, modbus::ValueType::u32,
                              modbus::ValueType::s32, modbus::ValueType::f32};
    for (int round = 0; round < 5000; ++round) {
        const auto kind = static_cast<std::size_t>(round) % types.size();
        auto command = setting(types[kind], round % 2 == 0 ? 0.1 : 1);
        command.word_order = round % 3 == 0 ? modbus::Order::little : modbus::Order::big;
        const bool has_sign = types[kind] != PointType::u16 && types[kind] != PointType::u32;
        command.range = {has_sign ? -3000.0 : 0.0, 3000.0};
        std::uniform_real_distribution<double> values(command.range[0], command.range[1]);
        const double value = values(random);
        const auto ordered = order_of(resolved(command), value);
        ASSERT_TRUE(ordered) << value;
        const modbus::RegisterPoint point{
            .address = 100, .type = read[kind], .word_order = *command.word_order, .scale = command.scale};
        const auto reading = modbus::PointDecoder(point, 100).decode(ordered->order.request.words);
        const double step = types[kind] == PointType::f32 ? 1e-3 : command.scale;
        EXPECT_NEAR(reading.value, *ordered->written, step * 1e-3 + std::abs(value) * 1e-6);
        EXPECT_LE(std::abs(*ordered->written - value), step / 2 + 1e-9);
    }
}

}  // namespace
}  // namespace sitepower::command_test
