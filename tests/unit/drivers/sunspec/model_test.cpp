#include "drivers/sunspec/model.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/support/sunspec_map.hpp"

namespace sitepower::sunspec::model_test {
namespace {

using support::shipped_models;
using testing::HasSubstr;

constexpr int wanted[] = {1,   101, 102, 103, 111, 112, 113, 201, 202, 203, 204, 211,
                          212, 213, 214, 701, 702, 703, 704, 705, 706, 707, 708, 709,
                          710, 711, 712, 713, 714, 801, 802, 803, 804, 805};

TEST(SunspecModels, TheShippedOnesAreThoseThatWerePromised) {
    for (const int id : wanted) EXPECT_NE(shipped_models().find(id), nullptr) << id;
    EXPECT_EQ(shipped_models().size(), std::size(wanted));
    EXPECT_EQ(shipped_models().find(64110), nullptr);
}

// Lengths that the definitions fix: an omitted or doubled point would shift all behind it.
TEST(SunspecModels, HaveTheLengthOfTheirDefinition) {
    const std::pair<int, int> lengths[] = {
        {1, 65},  {103, 50}, {113, 60}, {203, 105}, {213, 124}, {701, 153}, {702, 50}, {703, 17},
        {713, 7}, {802, 62}, {803, 26}, {804, 46},  {805, 42},  {704, 57},  {714, 18}, {801, 1}};
    for (const auto& [id, length] : lengths) {
        EXPECT_EQ(shipped_models().find(id)->fixed_length(), length) << id;
    }
    EXPECT_EQ(length_of(shipped_models().find(803)->groups.at(0).points), 32);
    EXPECT_EQ(length_of(shipped_models().find(804)->groups.at(0).points), 16);
    EXPECT_EQ(length_of(shipped_models().find(805)->groups.at(0).points), 4);
    EXPECT_EQ(length_of(shipped_models().find(714)->groups.at(0).points), 25);
}

// Places that the definitions and captures name.
TEST(SunspecModels, PutPointsWhereTheDefinitionDoes) {
    EXPECT_EQ(shipped_models().find(103)->offset_of("W"), 14);
    EXPECT_EQ(shipped_models().find(103)->offset_of("St"), 38);
    EXPECT_EQ(shipped_models().find(203)->offset_of("TotWhImp"), 46);
    EXPECT_EQ(shipped_models().find(203)->offset_of("Evt"), 105);
    EXPECT_EQ(shipped_models().find(213)->offset_of("TotVArhExpQ4phC"), 122);
    EXPECT_EQ(shipped_models().find(802)->offset_of("SoC"), 11);
    EXPECT_EQ(shipped_models().find(802)->offset_of("W_SF"), 63);
    EXPECT_EQ(shipped_models().find(804)->offset_of("ModTmp_SF"), 44);
    EXPECT_EQ(shipped_models().find(103)->offset_of("NoSuch"), -1);
}

TEST(SunspecModels, NamesAreUniqueWithinAModelAndEndWithTheirUnit) {
    for (const int id : wanted) {
        std::set<std::string> names;
        for (const auto& point : shipped_models().find(id)->points) {
            if (point.name.empty()) continue;
            EXPECT_TRUE(names.insert(point.name).second) << id << " " << point.name;
            EXPECT_EQ(point.unit == "V", point.name.ends_with("_v")) << point.name;
            EXPECT_EQ(point.unit == "kW", point.name.ends_with("_kw")) << point.name;
        }
    }
}

std::string refusal_of(const std::string& text) {
    schema::Diagnostics diagnostics;
    EXPECT_FALSE(parse_model("schema = 1\nids = [9]\nname = \"x\"\n" + text, "x.toml", diagnostics));
    return diagnostics.empty() ? "" : to_string(diagnostics.sorted().front());
}

TEST(SunspecModels, AMistakeIsNamedWithItsPlace) {
    EXPECT_THAT(refusal_of("points = [{ sunspec = \"A\", type = \"uint16\", sf = \"B_SF\" }]"),
                testing::AllOf(HasSubstr("x.toml:4"), HasSubstr("the model has no sunssf point \"B_SF\"")));
    EXPECT_THAT(refusal_of("points = [{ sunspec = \"A\", type = \"string\" }]"),
                HasSubstr("expected for a string"));
    EXPECT_THAT(refusal_of("points = [{ sunspec = \"A\", type = \"u16\" }]"), HasSubstr("uint16"));
    EXPECT_THAT(refusal_of("lengths = [1]\npoints = [{ sunspec = \"A\", type = \"uint64\" }]"),
                HasSubstr("has no room for the points, which need 4"));
    EXPECT_THAT(refusal_of("points = [{ sunspec = \"A\", type = \"uint16\" }]\n[[groups]]\nname = \"g{i}\"\n"
                           "count = \"N\"\npoints = [{ sunspec = \"B\", type = \"uint16\" }]"),
                HasSubstr("the model has no point \"N\""));
}

TEST(SunspecModels, TheFirstDirectoryThatHasModelsCounts) {
    schema::Diagnostics diagnostics;
    const auto models = load_models({"/no/such", SITEPOWER_SOURCE_DIR "/config/sunspec"}, diagnostics);
    EXPECT_TRUE(diagnostics.empty());
    EXPECT_EQ(models.size(), shipped_models().size());
    EXPECT_EQ(load_models({"/no/such"}, diagnostics).size(), 0U);
}

}  // namespace
}  // namespace sitepower::sunspec::model_test
