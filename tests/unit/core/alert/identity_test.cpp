#include "core/alert/identity.hpp"

#include <gtest/gtest.h>

#include "core/base/identifier.hpp"

namespace sitepower::identity_test {
namespace {

constexpr Time now = from_ms(1'795'328'000'000);

TEST(Identity, IsAnIdentifierEvenForTheLongestParts) {
    const std::string longest(64, 'x');
    const auto id = make_identity(longest, longest, from_ms(253'402'300'799'999));
    EXPECT_TRUE(is_identifier(id)) << id;
}

TEST(Identity, DependsOnPrefixSubjectAndTimeOnly) {
    EXPECT_EQ(make_identity("a", "b", now), make_identity("a", "b", now));
    EXPECT_NE(make_identity("a", "b", now), make_identity("a", "c", now));
    EXPECT_NE(make_identity("a", "b", now), make_identity("a", "b", now + Duration{1}));
    EXPECT_EQ(make_identity("voltage_low", "BAT-1", from_ms(0)).substr(0, 14), "voltage_low-0-");
    EXPECT_EQ(make_identity("voltage_low", "BAT-1", from_ms(0)).size(), 20U);
    EXPECT_TRUE(is_identifier(make_identity("a", "b", from_ms(-5)))) << "a clock before 1970";
}

}  // namespace
}  // namespace sitepower::identity_test
