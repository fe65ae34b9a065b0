#include "core/base/identifier.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/base/quality.hpp"

namespace sitepower::identifier_test {
namespace {

TEST(Identifier, TakesWhatSitesWrite) {
    EXPECT_TRUE(is_identifier("DC-CNX-01"));
    EXPECT_TRUE(is_identifier("BAT-DC-CNX-01-UPS-01-STR-01-001"));
    EXPECT_TRUE(is_identifier("a_b"));
    EXPECT_TRUE(is_identifier(std::string(64, 'x')));
}

TEST(Identifier, RefusesWhatBreaksTopics) {
    const std::vector<std::string> texts{"", "a.b", "a/b", "a b", "a+b", "a#", "ü", std::string(65, 'x')};
    for (const auto& text : texts) {
        EXPECT_FALSE(is_identifier(text)) << text;
    }
}

TEST(Quality, WordsReadBack) {
    for (int i = 0; i < 6; ++i) {
        const auto quality = static_cast<Quality>(i);
        EXPECT_EQ(parse_quality(to_string(quality)), quality);
    }
    EXPECT_FALSE(parse_quality("bad"));
}

}  // namespace
}  // namespace sitepower::identifier_test
