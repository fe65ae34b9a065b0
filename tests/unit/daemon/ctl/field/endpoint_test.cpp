#include "daemon/ctl/field/endpoint.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "drivers/modbus/link.hpp"

namespace sitepower::ctl::endpoint_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Endpoint, IsReadAsPeopleTypeIt) {
    const auto text_of = [](std::string_view text) {
        const auto settings = parse_endpoint(text);
        return settings ? describe_endpoint(*settings) : "refused";
    };
    EXPECT_EQ(text_of("tcp:10.0.0.7:1502"), "tcp 10.0.0.7:1502");
    EXPECT_EQ(text_of("tcp:ups-1"), "tcp ups-1:502");
    EXPECT_EQ(text_of("tcp:[::1]:503"), "tcp ::1:503");
    EXPECT_EQ(text_of("rtu_over_tcp:10.0.0.7:8080"), "rtu over tcp 10.0.0.7:8080");
    EXPECT_EQ(text_of("rtu:/dev/ttyUSB0"), "serial /dev/ttyUSB0");
    const auto line = parse_endpoint("rtu:/dev/ttyUSB0:19200:8E2");
    ASSERT_TRUE(line);
    const auto& serial = std::get<modbus::SerialEndpoint>(line->endpoint);
    EXPECT_EQ(serial.baud, 19200);
    EXPECT_EQ(serial.parity, modbus::Parity::even);
    EXPECT_EQ(serial.stop_bits, 2);
}

TEST(Endpoint, WhatItIsNotIsRefused) {
    for (const std::string_view text :
         {"", "tcp", "tcp:", "tcp:host:0", "tcp:host:x", "tcp:host:70000", "tcp:[::1", "tcp:[::1]x",
          "udp:host:502", "rtu:ttyUSB0", "rtu:/dev/x:fast", "rtu:/dev/x:9600:9N1", "rtu:/dev/x:9600:8X1",
          "rtu:/dev/x:9600:8N3"}) {
        const auto settings = parse_endpoint(text);
        ASSERT_FALSE(settings) << text;
        EXPECT_THAT(settings.error().message, HasSubstr("expected tcp:HOST:PORT"));
    }
}

TEST(Endpoint, ThePartThatIsWrongIsNamed) {
    const auto why = [](std::string_view text) { return parse_endpoint(text).error().message; };
    EXPECT_THAT(why("rtu:/dev/ttyUSB0:12345:8N1"), HasSubstr("the speed \"12345\""));
    EXPECT_THAT(why("rtu:/dev/ttyUSB0:9600:8X1"), HasSubstr("the framing \"8X1\""));
    EXPECT_THAT(why("rtu:ttyUSB0"), HasSubstr("\"ttyUSB0\" is no path"));
    EXPECT_THAT(why("tcp:host:70000"), HasSubstr("the port \"70000\" is not 1 to 65535"));
    EXPECT_THAT(why("rtu_over_tcp:host:"), HasSubstr("the port \"\""));
    EXPECT_THAT(why("tcp::502"), HasSubstr("the host is missing"));
    EXPECT_THAT(why("tcp:[::1:502"), HasSubstr("the host has no ]"));
    EXPECT_THAT(why("tcp:[::1]502"), HasSubstr("no \"502\" goes behind the host"));
    EXPECT_THAT(why("udp:host"), HasSubstr("\"udp\" is no kind of endpoint"));
}

TEST(Units, AreListsAndRanges) {
    EXPECT_THAT(*parse_units("3"), ElementsAre(3));
    EXPECT_THAT(*parse_units("247,1-3,2"), ElementsAre(1, 2, 3, 247));
    EXPECT_THAT(*parse_units("0,255"), ElementsAre(0, 255));
    for (const std::string_view text : {"", "x", "1-", "5-3", "256", "250", "240-255", "1,,2", "-1"}) {
        EXPECT_FALSE(parse_units(text)) << text;
    }
}

}  // namespace
}  // namespace sitepower::ctl::endpoint_test
