#include "bench/harness/mqtt_wire.hpp"

#include <gtest/gtest.h>

namespace sitepower::bench {
namespace {

using namespace std::string_literals;

TEST(MqttWire, ReadsAPublication) {
    const auto bytes = "\x32\x09\x00\x03"s + "a/b" + "\x01\x02" + "hi";
    const auto received = bytes + "rest";
    const auto packet = parse_packet(received);
    ASSERT_TRUE(packet);
    EXPECT_EQ(packet->type, static_cast<std::uint8_t>(PacketType::publish));
    EXPECT_EQ(packet->size, bytes.size());
    const auto publication = parse_publication(*packet);
    ASSERT_TRUE(publication);
    EXPECT_EQ(publication->topic, "a/b");
    EXPECT_EQ(publication->payload, "hi");
    EXPECT_EQ(publication->packet_id, 0x0102);
    EXPECT_FALSE(publication->duplicate);
}

TEST(MqttWire, QualityOfServiceZeroHasNoPacketId) {
    const auto publication =
        parse_publication({.type = 3, .flags = 0, .body = std::string_view("\x00\x01tXY", 5), .size = 7});
    ASSERT_TRUE(publication);
    EXPECT_EQ(publication->packet_id, 0);
    EXPECT_EQ(publication->payload, "XY");
}

TEST(MqttWire, WaitsForTheRestOfAPacket) {
    const auto bytes = "\x32\x09\x00\x03"s + "a/b" + "\x01\x02" + "hi";
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_FALSE(parse_packet(std::string_view(bytes).substr(0, size))) << size;
    }
}

TEST(MqttWire, ReadsLengthsOfSeveralBytes) {
    const auto bytes = "\x30\xc8\x01"s + std::string(200, 'x');
    const auto packet = parse_packet(bytes);
    ASSERT_TRUE(packet);
    EXPECT_EQ(packet->body.size(), 200U);
    EXPECT_EQ(packet->size, 203U);
}

TEST(MqttWire, RefusesAPublicationThatEndsInItsTopic) {
    EXPECT_FALSE(
        parse_publication({.type = 3, .flags = 2, .body = std::string_view("\x00\x03t", 3), .size = 5}));
    EXPECT_FALSE(parse_publication({.type = 3, .flags = 2, .body = "", .size = 2}));
}

TEST(MqttWire, WritesWhatTheStandardSays) {
    EXPECT_EQ(connect_packet({.client_id = "c"}), "\x10\x0d\x00\x04MQTT\x04\x02\x00\x00\x00\x01"s + "c");
    EXPECT_EQ(connect_packet({.client_id = "c", .clean_session = false})[9], '\0');
    const std::vector<std::string> filters{"a/#"};
    EXPECT_EQ(subscribe_packet(filters, 1), "\x82\x08\x00\x01\x00\x03"s + "a/#" + "\x01");
    std::string out;
    append_acknowledgement(0x0102, out);
    EXPECT_EQ(out, "\x40\x02\x01\x02");
}

}  // namespace
}  // namespace sitepower::bench
