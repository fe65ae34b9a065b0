#include "drivers/profile/check.hpp"

#include <gtest/gtest.h>

#include <string>

#include "drivers/profile/load.hpp"

namespace sitepower::check_test {
namespace {

const std::string head = R"(schema = 1
id = "small"
kind = "ups"
manufacturer = "Maker"
models = ["One"]
poll_ms = { fast = 1000, slow = 60000 }
limits = { max_registers = 10 }
defaults = { poll = "fast" }
)";

// What the checker says of the profile that `head` and `rest` make; the first line of `rest` is line 9.
std::string errors_of(const std::string& rest) {
    schema::Diagnostics diagnostics;
    parse_profile(head + rest, "small.toml", diagnostics);
    std::string text;
    for (const auto& diagnostic : diagnostics.sorted()) text += to_string(diagnostic) + "\n";
    return text;
}

struct Fault {
    const char* name;
    std::string profile;
    std::string place;  // line and key
    std::string message;
};

// NOLINTNEXTLINE(readability-identifier-naming): so GoogleTest finds it.
void PrintTo(const Fault& fault, std::ostream* out) {
    *out << fault.name;
}

std::string point(const std::string& keys) {
    return "[[points]]\nname = \"a\"\n" + keys + "\n";
}

class CheckProfile : public testing::TestWithParam<Fault> {};

TEST_P(CheckProfile, RefusesWithPlaceAndReason) {
    const std::string errors = errors_of(GetParam().profile);
    EXPECT_NE(errors.find("small.toml:" + GetParam().place), std::string::npos) << errors;
    EXPECT_NE(errors.find(GetParam().message), std::string::npos) << errors;
}

INSTANTIATE_TEST_SUITE_P(
    Faults, CheckProfile,
    testing::Values(
        Fault{"NoPoints", "", "1:", "has no points"},
        Fault{"UnitNotOfTheName", "[[points]]\nname = \"output.load_kw\"\naddress = 1\nunit = \"W\"\n",
              "12:", "expected unit = \"kW\""},
        Fault{"UnitNotOfTheDerivedName",
              "points = [{ name = \"a\", address = 1 }]\n"
              "derived = [{ name = \"load_kw\", op = \"sum\", of = [\"a\"], unit = \"W\" }]\n",
              "10:", "expected unit = \"kW\""},
        Fault{"DifferenceOfWhatMayBeAbsent",
              "points = [{ name = \"a\", address = 1 }, { name = \"b\", address = 2 }]\n"
              "derived = [{ name = \"c\", op = \"sub\", of = [\"a\", \"b\"], skip_absent = true }]\n",
              "10:", "goes with sum, mean, min and max"},
        Fault{"ScaleZero", point("address = 1\nscale = 0"), "12:", "other than 0"},
        Fault{"ScaleTooSmall", point("address = 1\nscale = 1e-320"), "12:", "1e-30 to 1e30"},
        Fault{"ScaleTooLarge", point("address = 1\nscale = -1e308"), "12:", "1e-30 to 1e30"},
        Fault{"ScaleOfDerivedTooLarge",
              "points = [{ name = \"a\", address = 1 }]\n"
              "derived = [{ name = \"b\", op = \"sum\", of = [\"a\"], scale = 1e308 }]\n",
              "10:", "1e-30 to 1e30"},
        Fault{"RangeThatNothingReaches", point("address = 1\nrange = [-10, -5]"),
              "12:", "no value of its type and scale is ever inside: they are 0 to 65535"},
        Fault{"RangeThatNoScaledValueReaches", point("address = 1\nscale = 0.1\nrange = [6554, 7000]"),
              "13:", "they are 0 to 6553.5"},
        Fault{"RangeOfAByte", point("address = 1\nbyte = \"low\"\nrange = [256, 300]"), "13:", "0 to 255"},
        Fault{"RangeOnTheOtherSideOfTheSign",
              point("address = 1\nrange = [1, 10]") + "[sign]\n\"a\" = \"discharge_positive\"\n",
              "12:", "they are -65535 to 0"},
        Fault{"WordNeverRead", point("address = 1\nenum = { 0 = \"off\", 70000 = \"on\" }"),
              "12:", "70000 (\"on\") is never read: the raw number is 0 to 65535"},
        Fault{"WordOfTheOtherSign", point("address = 1\ntype = \"s16\"\nenum = { 65535 = \"none\" }"),
              "13:", "the raw number is -32768 to 32767"},
        Fault{"WordBehindAMask", point("address = 1\nmask = 0xF0\nshift = 4\nenum = { 16 = \"on\" }"),
              "14:", "the raw number is 0 to 15"},
        Fault{"WordsBesideAScale", point("address = 1\nscale = 0.1\nenum = { 1 = \"on\" }"),
              "13:", "no scale, offset or sign beside it"},
        Fault{"StateNeverRead", point("address = 1\nstates = [{ values = [70000], name = \"b\" }]"),
              "12:", "70000 is never read: the number has 16 bits"},
        Fault{"ConditionNeverTrue",
              point("address = 1\navailable_if = { address = 2, mask = 0x0F, equals = [0x10] }"),
              "12:", "it is never equal"},
        Fault{"ScaleChosenByWhatIsNeverThere",
              point("address = 1\nscale_ref = { point = \"b\", map = { 70000 = 0.1 } }") +
                  "[[points]]\nname = \"b\"\naddress = 2\n",
              "12:", "the register never holds it: expected 0 to 65535"},
        Fault{"ScaleChosenByWhatABitNeverIs",
              point("address = 1\nscale_ref = { point = \"b\", map = { 2 = 0.1 } }") +
                  "[[points]]\nname = \"b\"\naddress = 2\nbit = 3\n",
              "12:", "expected 0 to 1"},
        Fault{"ScaleChosenByABitField",
              point("address = 1\nscale_ref = { point = \"b\", map = { 1 = 0.1 } }") +
                  "[[points]]\nname = \"b\"\naddress = 2\nbits = [{ bit = 0, name = \"c\" }]\n",
              "12:", "expected the raw number of it"},
        Fault{"ProbedNumberTooLarge", point("address = 1") + "[[probe]]\naddress = 1\nequals = [70000]\n",
              "14:", "70000 is never found: the registers hold 0 to 65535"},
        Fault{"ProbedNumbersTooLarge",
              point("address = 1") + "[[probe]]\naddress = 1\nmask = 0xFF\nbetween = [256, 300]\n",
              "15:", "256 to 300 is never found: the registers hold 0 to 255"},
        Fault{"ProbedVersionsAreNone",
              point("address = 1") + "[[probe]]\naddress = 1\nat_least = \"14\"\nbelow = \"9.5\"\n",
              "15:", "no version is at least 14 and below 9.5"},
        Fault{"ProbedVersionWithoutANumber",
              point("address = 1") + "[[probe]]\naddress = 1\nat_least = \".\"\n",
              "14:", "numbers with dots"},
        Fault{"CommandBeyondItsType",
              point("address = 1") + "[[commands]]\nname = \"b\"\naddress = 2\nrange = [-5, 100]\n",
              "15:", "-5 cannot be written: with this type and scale expected 0 to 65535"},
        Fault{"CommandBeyondItsScale",
              point("address = 1") +
                  "[[commands]]\nname = \"b\"\naddress = 2\nscale = 0.1\nrange = [0, 6553.6]\n",
              "16:", "6553.6 cannot be written: with this type and scale expected 0 to 6553.5"},
        Fault{
            "CommandScaleTooLarge",
            point("address = 1") + "[[commands]]\nname = \"b\"\naddress = 2\nscale = 1e308\nrange = [0, 1]\n",
            "15:", "1e-30 to 1e30"},
        Fault{"CommandListedTwice",
              point("address = 1") + "[[commands]]\nname = \"b\"\naddress = 2\nwrite = [1]\n" +
                  "[[commands]]\nname = \"b\"\naddress = 3\nwrite = [1]\n",
              "17:", "the name is taken"},
        Fault{"DerivedOfALaterOne",
              "points = [{ name = \"a\", address = 1 }]\n"
              "derived = [{ name = \"b\", op = \"sum\", of = [\"c\"] }, { name = \"c\", op = \"sum\", of = "
              "[\"a\"] }]\n",
              "10:", "\"c\" is itself derived, and worked out later"},
        Fault{"DerivedOfItself",
              "points = [{ name = \"a\", address = 1 }]\n"
              "derived = [{ name = \"b\", op = \"sum\", of = [\"a\", \"b\"] }]\n",
              "10:", "it cannot be its own operand"},
        Fault{
            "DerivedOfALaterOneOfItsElement",
            "[[groups]]\nname = \"c{i}\"\naddress = 0\nrepeat = [{ index = \"i\", count = 2, stride = 1 }]\n"
            "points = [{ name = \"a\", address = 0 }]\n"
            "derived = [{ name = \"b\", op = \"sum\", of = [\"d\"] }, { name = \"d\", op = \"sum\", of = "
            "[\"a\"] }]\n",
            "14:", "\"d\" is itself derived"},
        Fault{"DerivedOfAText",
              "points = [{ name = \"a\", address = 1 }, { name = \"t\", address = 2, type = \"string\", "
              "length = "
              "2 }]\n"
              "derived = [{ name = \"b\", op = \"sum\", of = [\"t\"] }]\n",
              "10:", "\"t\" is a text"},
        Fault{"DerivedOfNothing",
              "points = [{ name = \"a\", address = 1 }]\n"
              "derived = [{ name = \"b\", op = \"sum\", of = [\"x\"] }]\n",
              "10:", "there is no point \"x\""},
        Fault{"SampleThatExpectsNothing",
              point("address = 1") + "[[samples]]\nblocks = [{ address = 1, registers = [5] }]\n",
              "12:", "expects nothing"},
        Fault{"SampleThatContradictsItself",
              point("address = 1") +
                  "[[samples]]\nexpect = { a = 5 }\n"
                  "blocks = [{ address = 0, registers = [4, 5] }, { address = 1, registers = [6] }]\n",
              "14:", "1 stands in two blocks, as 5 and as 6"},
        Fault{"SamplePastTheEnd",
              point("address = 1") +
                  "[[samples]]\nexpect = { a = 5 }\n"
                  "blocks = [{ address = 1, registers = [5] }, { address = 65535, registers = [4, 5] }]\n",
              "14:", "the block from 65535 on has 2 registers: it reaches beyond 65535"},
        Fault{"SampleOfACoilThatIsTwo",
              point("address = 1\ntable = \"coil\"\ntype = \"bool\"") +
                  "[[samples]]\nexpect = { a = 1 }\n"
                  "blocks = [{ table = \"coil\", address = 1, registers = [2] }]\n",
              "16:", "1 is 2, and coils and discretes are 0 or 1"},
        Fault{"RangeInverted", point("address = 1\nrange = [5, 1]"), "12:", "lowest value first"},
        Fault{"BitBeyondType", point("address = 1\nbit = 16"), "12:", "expected 0 to 15"},
        Fault{"MaskOfFloat", point("address = 1\ntype = \"f32\"\nmask = 3"), "13:", "integer types"},
        Fault{"MaskBeyondType", point("address = 1\nmask = 0x10000"), "12:", "within the 16"},
        Fault{"MaskShiftedAway", point("address = 1\nmask = 0x0F\nshift = 4"), "12:", "within the 16"},
        Fault{"BitAndMask", point("address = 1\nbit = 2\nmask = 3"), "12:", "either bit, or mask"},
        Fault{"PastTheEnd", point("address = 65535\ntype = \"u32\""),
              "11:", "its last register would be 65536"},
        Fault{"UnknownPoll", point("address = 1\npoll = \"often\""), "12:", "poll_ms has: fast, slow"},
        Fault{"UnknownScaleFactor", point("address = 1\nsf = \"a_sf\""),
              "12:", "no point \"a_sf\" of type sunssf"},
        Fault{"SentinelTooWide", point("address = 1\ninvalid = [65536]"), "12:", "does not fit into 16 bits"},
        Fault{"SentinelOfABit", point("address = 1\ntable = \"coil\"\ntype = \"bool\"\ninvalid = [1]"),
              "14:", "belongs to numbers in registers"},
        Fault{"BoolOfRegister", point("address = 1\ntype = \"bool\""), "12:", "belongs to coils"},
        Fault{"NumberOfCoil", point("address = 1\ntable = \"coil\""), "9:", "expected type = \"bool\""},
        Fault{"StringWithoutLength", point("address = 1\ntype = \"string\""), "9:", "expected for a string"},
        Fault{"EnumOfFloat", point("address = 1\ntype = \"f32\"\nenum = { 0 = \"off\" }"),
              "13:", "integer type"},
        Fault{"HoleInPointName", "[[points]]\nname = \"a{s}\"\naddress = 1\n", "10:", "name of a group"},
        Fault{"Duplicate", point("address = 1") + point("address = 2"), "13:", "taken by line 10"},
        Fault{"Overlap", point("address = 1\ntype = \"u32\"") + "[[points]]\nname = \"b\"\naddress = 2\n",
              "13:", "shares register 2 with \"a\""},
        Fault{"OverlappingMasks",
              point("address = 1\nmask = 0x0F") + "[[points]]\nname = \"b\"\naddress = 1\nbit = 3\n",
              "13:", "shares register 1"},
        Fault{"UnknownSign", point("address = 1") + "[sign]\n\"b\" = \"discharge_positive\"\n",
              "12:", "no point \"b\""},
        Fault{
            "FarScaleFactor",
            point("address = 1\nsf = \"f\"") + "[[points]]\nname = \"f\"\naddress = 30\ntype = \"sunssf\"\n",
            "11:", "limits.max_registers is 10"},
        Fault{"TooManyPoints",
              "[[groups]]\nname = \"c{i}.d{j}\"\naddress = 0\n"
              "repeat = [{ index = \"i\", count = 10000, stride = 0 }, { index = \"j\", count = 10000, "
              "stride = 0 }]\n"
              "[[groups.points]]\nname = \"a\"\naddress = 0\n",
              "9:", "more than 20000 points"},
        Fault{"GroupPastTheEnd",
              "[[groups]]\nname = \"c{i}\"\naddress = 60000\nrepeat = [{ index = \"i\", count = 57, stride = "
              "100 }]\n"
              "[[groups.points]]\nname = \"a\"\naddress = 0\n",
              "15:", "its last register would be 65600"},
        Fault{"IndexNotInName",
              "[[groups]]\nname = \"c\"\naddress = 0\nrepeat = [{ index = \"i\", count = 2, stride = 1 }]\n"
              "[[groups.points]]\nname = \"a\"\naddress = 0\n",
              "12:", "expected {i} once in its name"},
        Fault{"UnknownIndexInName",
              "[[groups]]\nname = \"c{i}{k}\"\naddress = 0\nrepeat = [{ index = \"i\", count = 2, stride = 1 "
              "}]\n"
              "[[groups.points]]\nname = \"a\"\naddress = 0\n",
              "10:", "is no repeat's index"}),
    [](const auto& fault) { return fault.param.name; });

TEST(CheckProfileMore, BarrierInsideAValue) {
    schema::Diagnostics diagnostics;
    parse_profile(
        "schema = 1\nid = \"s\"\nkind = \"ups\"\nmanufacturer = \"M\"\nmodels = [\"O\"]\npoll_ms = { fast = "
        "1000 }\n"
        "limits = { barriers = [2] }\n[[points]]\nname = \"a\"\naddress = 1\ntype = \"u32\"\n",
        "s.toml", diagnostics);
    ASSERT_EQ(diagnostics.total(), 1U);
    EXPECT_NE(diagnostics.sorted()[0].message.find("limits.barriers has 2"), std::string::npos);
    EXPECT_EQ(diagnostics.sorted()[0].at.line, 10);
}

TEST(CheckProfileMore, ValueLargerThanARequest) {
    schema::Diagnostics diagnostics;
    parse_profile(
        "schema = 1\nid = \"s\"\nkind = \"ups\"\nmanufacturer = \"M\"\nmodels = [\"O\"]\npoll_ms = { fast = "
        "1000 }\n"
        "limits = { max_registers = 2 }\n[[points]]\nname = \"a\"\naddress = 1\ntype = \"u64\"\n",
        "s.toml", diagnostics);
    ASSERT_EQ(diagnostics.total(), 1U);
    EXPECT_NE(diagnostics.sorted()[0].message.find("needs 4 registers"), std::string::npos);
}

TEST(CheckProfileMore, PollGroupMustBeNamedWhenThereAreSeveral) {
    schema::Diagnostics diagnostics;
    parse_profile(
        "schema = 1\nid = \"s\"\nkind = \"ups\"\nmanufacturer = \"M\"\nmodels = [\"O\"]\n"
        "poll_ms = { fast = 1000, slow = 9000 }\n[[points]]\nname = \"a\"\naddress = 1\n",
        "s.toml", diagnostics);
    ASSERT_EQ(diagnostics.total(), 1U);
    EXPECT_NE(diagnostics.sorted()[0].message.find("one of fast, slow"), std::string::npos);
}

TEST(CheckProfileMore, PackedFieldsMayShareAWord) {
    EXPECT_EQ(errors_of(point("address = 1\nmask = 0xFF00\nshift = 8") +
                        "[[points]]\nname = \"b\"\naddress = 1\nmask = 0x00FF\n"),
              "");
}

// Right at the edge of what the registers hold.
TEST(CheckProfileMore, WhatCanBeIsAccepted) {
    for (const auto& keys :
         {"range = [-5, 0]", "range = [65535, 70000]", "enum = { 65535 = \"none\" }",
          "mask = 0xF0\nshift = 4\nenum = { 15 = \"on\" }", "type = \"s16\"\nenum = { -1 = \"none\" }",
          "scale = 1.0\nenum = { 0 = \"off\" }", "states = [{ values = [-1, 65535], name = \"b\" }]",
          "scale = 1e-30", "scale = -1e30", "type = \"u64\"\nstates = [{ values = [-1], name = \"b\" }]",
          "bcd = true\nrange = [9999, 20000]", "type = \"f32\"\nrange = [-5, -1]",
          "type = \"datetime\"\nfields = \"YMDhms\"\nrange = [1e9, 2e9]"}) {
        EXPECT_EQ(errors_of(point(std::string("address = 1\n") + keys)), "") << keys;
    }
    EXPECT_EQ(errors_of(point("address = 1\nsf = \"f\"\nrange = [1e14, 1e15]") +
                        "[[points]]\nname = \"f\"\naddress = 2\ntype = \"sunssf\"\n"),
              "")
        << "a scale factor may be as large";
    EXPECT_EQ(errors_of(point("address = 1") +
                        "[[commands]]\nname = \"b\"\naddress = 2\nscale = 0.1\nrange = [0, 6553.5]\n"),
              "");
    EXPECT_EQ(errors_of(point("address = 1") +
                        "[[samples]]\nexpect = { a = 5 }\n"
                        "blocks = [{ address = 0, registers = [4, 5] }, { address = 1, registers = [5] }, { "
                        "address = 65535, registers = [6] }]\n"),
              "")
        << "two captures may share what they agree on";
}

TEST(CheckProfileMore, AnOverlapOfGroupsIsToldOnce) {
    const std::string errors = errors_of(
        "[[groups]]\nname = \"c{i}\"\naddress = 0\nrepeat = [{ index = \"i\", count = 50, stride = 1 }]\n"
        "[[groups.points]]\nname = \"a\"\naddress = 0\ntype = \"u32\"\n");
    EXPECT_EQ(std::count(errors.begin(), errors.end(), '\n'), 1) << errors;
}

}  // namespace
}  // namespace sitepower::check_test
