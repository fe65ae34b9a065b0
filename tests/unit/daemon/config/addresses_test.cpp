#include "daemon/config/addresses.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sitepower::config::addresses_test {
namespace {

TEST(HostAndPort, TakesNamesAndAddresses) {
    const auto name = parse_host_and_port("broker-1.example:8883");
    ASSERT_TRUE(name);
    EXPECT_EQ(name->host, "broker-1.example");
    EXPECT_EQ(name->port, 8883);
    EXPECT_EQ(parse_host_and_port("[2001:db8::1]:1883")->host, "2001:db8::1");
    EXPECT_EQ(parse_host_and_port("192.0.2.1:65535")->port, 65535);
}

TEST(HostAndPort, RefusesTheRest) {
    for (const std::string text :
         {"", "broker", "broker:", ":1883", "broker:0", "broker:65536", "broker:1883x", "broker:-1",
          "broker:+1", "a b:1", "::1:1883", "[]:1", "mqtt://a:1", "a/b:1"}) {
        EXPECT_FALSE(is_host_and_port(text)) << text;
    }
    EXPECT_TRUE(is_host_and_port(std::string(253, 'a') + ":1"));
    EXPECT_FALSE(is_host_and_port(std::string(254, 'a') + ":1"));
}

TEST(PointPath, SplitsAtTheFirstSlash) {
    const auto path = parse_point_path("MON-01/string1.current_a");
    ASSERT_TRUE(path);
    EXPECT_EQ(path->device, "MON-01");
    EXPECT_EQ(path->point, "string1.current_a");
    for (const std::string text : {"", "MON-01", "/x", "MON-01/", "MON 01/x", "string1.current_a"}) {
        EXPECT_FALSE(is_point_path(text)) << text;
    }
}

TEST(Pattern, FillsNumberAndString) {
    EXPECT_EQ(fill_pattern("string1.jar{n}", "S", 7), "string1.jar7");
    EXPECT_EQ(fill_pattern("BAT-{string}-{n:03}", "STR-01", 7), "BAT-STR-01-007");
    EXPECT_EQ(fill_pattern("{n:03}", "", 1234), "1234");
    EXPECT_EQ(fill_pattern("{n}{n:02}", "", 5), "505");
    EXPECT_EQ(fill_pattern("plain", "", 5), "plain");
}

TEST(Pattern, RefusesOtherBraces) {
    for (const std::string text :
         {"{j}", "{n", "n}", "{}", "{n:3}", "{n:00}", "{n:0x}", "{n:012}", "{{n}}"}) {
        EXPECT_FALSE(fill_pattern(text, "", 1)) << text;
    }
}

TEST(Pattern, KnowsWhetherTheNumberMatters) {
    EXPECT_TRUE(has_number("jar{n}"));
    EXPECT_TRUE(has_number("jar{n:02}"));
    EXPECT_FALSE(has_number("jar1"));
    EXPECT_FALSE(has_number("{string}"));
}

}  // namespace
}  // namespace sitepower::config::addresses_test
