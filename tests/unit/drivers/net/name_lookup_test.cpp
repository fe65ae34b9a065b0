#include "drivers/net/name_lookup.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>

#include <cstring>

namespace sitepower::name_lookup_test {
namespace {

NameAnswer look_up(const std::string& host) {
    const NameLookup lookup(host, 1502);
    pollfd ready{.fd = lookup.fd(), .events = POLLIN, .revents = 0};
    if (poll(&ready, 1, 30'000) != 1) return {.addresses = {}, .reason = "not ready"};
    return lookup.answer().value_or(NameAnswer{.addresses = {}, .reason = "no answer"});
}

TEST(NameLookup, FindsTheAddressesOfAName) {
    const auto answer = look_up("localhost");
    ASSERT_FALSE(answer.addresses.empty()) << answer.reason;
    for (const auto& address : answer.addresses) {
        ASSERT_TRUE(address.family() == AF_INET || address.family() == AF_INET6);
        if (address.family() != AF_INET) continue;
        sockaddr_in ipv4{};
        std::memcpy(&ipv4, address.get(), sizeof ipv4);
        EXPECT_EQ(ntohl(ipv4.sin_addr.s_addr), INADDR_LOOPBACK);
        EXPECT_EQ(ntohs(ipv4.sin_port), 1502);
    }
}

TEST(NameLookup, SaysWhyANameHasNone) {
    const auto answer = look_up("no-such-host.invalid");
    EXPECT_TRUE(answer.addresses.empty());
    EXPECT_FALSE(answer.reason.empty());
}

TEST(NameLookup, MayBeAbandoned) {
    for (int i = 0; i < 10; ++i) const NameLookup abandoned("localhost", 1502);
}

TEST(NameLookup, KnowsWhatNeedsNone) {
    ASSERT_TRUE(numeric_address("192.0.2.1", 502));
    EXPECT_EQ(numeric_address("192.0.2.1", 502)->family(), AF_INET);
    ASSERT_TRUE(numeric_address("2001:db8::1", 502));
    EXPECT_EQ(numeric_address("2001:db8::1", 502)->family(), AF_INET6);
    EXPECT_FALSE(numeric_address("broker.example", 502));
    EXPECT_FALSE(numeric_address("", 502));
}

}  // namespace
}  // namespace sitepower::name_lookup_test
