#include "daemon/operation/json.hpp"

#include <gtest/gtest.h>

namespace sitepower::json_test {
namespace {

std::string nested(std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
}

TEST(ParseInput, ReadsWhatIsWellFormed) {
    EXPECT_EQ(parse_input(R"({"a": [1, {"b": null}]})")["a"][0], 1);
    EXPECT_EQ(parse_input("7"), 7);
    EXPECT_TRUE(parse_input("{").is_discarded());
    EXPECT_TRUE(parse_input("").is_discarded());
}

TEST(ParseInput, TakesAsManyLevelsAsItSaysAndNoMore) {
    EXPECT_FALSE(parse_input(nested(deepest_json)).is_discarded());
    EXPECT_TRUE(parse_input(nested(deepest_json + 1)).is_discarded());
    EXPECT_TRUE(parse_input("[1, " + nested(deepest_json) + "]").is_discarded());
    EXPECT_TRUE(parse_input("{\"a\": " + nested(1'000'000) + "}").is_discarded());
}

TEST(ParseInput, BracketsInATextAreNoLevels) {
    EXPECT_FALSE(parse_input('"' + std::string(100, '[') + '"').is_discarded());
    EXPECT_FALSE(parse_input(R"(["\"[[", "\\"])").is_discarded());
    EXPECT_FALSE(parse_input('"' + std::string("\\\"") + std::string(100, '{') + '"').is_discarded());
    EXPECT_TRUE(parse_input(R"("\\")" + nested(100)).is_discarded());
}

// Linear: with the library's callback this took minutes, on the loop thread.
TEST(ParseInput, AMebibyteOfObjectsIsReadAtOnce) {
    std::string wide = "[{}";
    while (wide.size() < (1U << 20)) wide += ",{}";
    EXPECT_GT(parse_input(wide + "]").size(), 300'000U);
}

TEST(ParseInput, ManyBesideEachOtherAreNotDeep) {
    std::string wide = "[";
    for (int i = 0; i < 1000; ++i) wide += "[],";
    EXPECT_EQ(parse_input(wide + "{}]").size(), 1001U);
}

}  // namespace
}  // namespace sitepower::json_test
