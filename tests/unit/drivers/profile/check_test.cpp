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

TEST(CheckProfileMore, AnOverlapOfGroupsIsToldOnce) {
    const std::string errors = errors_of(
        "[[groups]]\nname = \"c{i}\"\naddress = 0\nrepeat = [{ index = \"i\", count = 50, stride = 1 }]\n"
        "[[groups.points]]\nname = \"a\"\naddress = 0\ntype = \"u32\"\n");
    EXPECT_EQ(std::count(errors.begin(), errors.end(), '\n'), 1) << errors;
}

}  // namespace
}  // namespace sitepower::check_test
