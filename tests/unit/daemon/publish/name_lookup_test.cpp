#include "daemon/publish/name_lookup.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>

namespace sitepower {
namespace {

std::vector<std::string> look_up(const std::string& host) {
    const NameLookup lookup(host);
    pollfd ready{.fd = lookup.fd(), .events = POLLIN, .revents = 0};
    if (poll(&ready, 1, 30'000) != 1) return {"no answer"};
    return lookup.families().value_or(std::vector<std::string>{"not ready"});
}

TEST(NameLookup, FindsTheFamiliesOfAName) {
    const auto families = look_up("localhost");
    ASSERT_FALSE(families.empty());
    EXPECT_TRUE(std::ranges::all_of(families, [](const auto& f) { return f == "::" || f == "0.0.0.0"; }));
}

TEST(NameLookup, SaysThatANameIsNotKnown) {
    EXPECT_TRUE(look_up("no-such-host.invalid").empty());
}

TEST(NameLookup, MayBeAbandoned) {
    for (int i = 0; i < 10; ++i) const NameLookup abandoned("localhost");
}

TEST(NameLookup, KnowsWhatNeedsNone) {
    EXPECT_TRUE(is_numeric_address("192.0.2.1"));
    EXPECT_TRUE(is_numeric_address("2001:db8::1"));
    EXPECT_FALSE(is_numeric_address("broker.example"));
}

}  // namespace
}  // namespace sitepower
