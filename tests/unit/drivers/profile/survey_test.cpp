#include "drivers/profile/survey.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "drivers/profile/load.hpp"
#include "tests/support/fake_slave.hpp"

namespace sitepower::survey_test {
namespace {

using support::FakeSlave;
using support::SeenRequest;
using support::Wire;
using testing::ElementsAre;

constexpr const char* text = R"(
schema = 1
id = "small"
kind = "bms"
manufacturer = "Maker"
models = ["One"]
poll_ms = { fast = 1000 }
points = [
    { name = "soc_pct", address = 5, unit = "%" },
    { name = "name", address = 20, type = "string", length = 2 },
    { name = "refused", address = 40, type = "string", length = 2 },
]
[[groups]]
name = "string{s}"
address = 0
unit = 101
repeat = [{ index = "s", count = 2, unit_stride = 1 }]
points = [{ name = "soc_pct", address = 5, unit = "%" }]
)";

TEST(Survey, ReadsGroupsOnUnitsOfTheirOwnAndTexts) {
    FakeSlave slave(Wire::tcp);
    slave.set_manners([](const SeenRequest& request) {
        using Kind = support::Behaviour::Kind;
        return request.question.address == 40 ? support::Behaviour{.kind = Kind::exception, .exception = 0x02}
                                              : support::Behaviour{};
    });
    slave.set_content([](const SeenRequest& request, std::uint16_t address) {
        return address >= 20 ? std::uint16_t{0x4142} : std::uint16_t(request.question.unit);
    });
    schema::Diagnostics diagnostics;
    const auto profile = parse_profile(text, "small.toml", diagnostics);
    ASSERT_TRUE(profile);
    const auto device = expand(*profile, {.device = {}, .device_id = "d", .unit = 1, .periods = {}});
    ASSERT_TRUE(device);
    modbus::BusSettings settings;
    settings.endpoint = slave.endpoint();
    modbus::LineReader line(settings, {});
    const auto got = survey(*device, line);
    ASSERT_EQ(got.points.size(), 5U);
    EXPECT_EQ(got.good, 4U);
    EXPECT_EQ(got.points[0].value, 1);
    EXPECT_EQ(got.points[1].value, 101);
    EXPECT_EQ(got.points[2].value, 102);
    EXPECT_EQ(got.points[2].unit, 102);
    EXPECT_THAT(got.points[2].raw, ElementsAre(102));
    EXPECT_TRUE(got.points[3].is_text);
    EXPECT_EQ(got.points[3].text, "ABAB");
    EXPECT_EQ(got.points[4].quality, Quality::not_implemented);
    EXPECT_EQ(got.points[4].reason, "the device refused its registers");
    EXPECT_EQ(got.words.at({102, modbus::Table::holding, 5}), 102);
}

TEST(ReasonOf, NamesARangeOnlyWhereThereIsOne) {
    DevicePoint point;
    const auto reason = [&](bool has_range) { return reason_of(Quality::out_of_range, point, has_range); };
    EXPECT_EQ(reason(true), "outside the range that the profile allows");
    point.registers.type = modbus::ValueType::u64;
    EXPECT_EQ(reason(false), "beyond 2^53, where a reading is not exact");
    point.registers.bcd = true;
    EXPECT_EQ(reason(false), "four of its bits are no decimal digit");
    point.registers.type = modbus::ValueType::datetime;
    EXPECT_EQ(reason(false), "no date and time");
    point.registers.type = modbus::ValueType::text;
    EXPECT_EQ(reason(false), "characters that are no text");
    point.registers.type = modbus::ValueType::f32;
    EXPECT_EQ(reason(false), "no finite number");
    point.derived = true;
    EXPECT_EQ(reason(false), "cannot be worked out of these operands");
    EXPECT_EQ(reason_of(Quality::good, point, false), "");
}

}  // namespace
}  // namespace sitepower::survey_test
