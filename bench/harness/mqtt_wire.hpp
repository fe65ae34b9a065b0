// The few MQTT 3.1.1 packets that a subscriber needs (OASIS standard, sections 2 and 3). Pure. Written here
// because a subscriber on libmosquitto takes several system calls per message and would be what the bench
// measures.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sitepower::bench {

enum class PacketType : std::uint8_t { connack = 2, publish = 3, suback = 9, pingresp = 13 };

struct Packet {
    std::uint8_t type = 0;   // a PacketType, or another that the reader skips
    std::uint8_t flags = 0;  // low four bits of the first byte
    std::string_view body;   // after the fixed header
    std::size_t size = 0;    // with the fixed header
};

// The first packet in `bytes`; nullopt while it is not complete.
std::optional<Packet> parse_packet(std::string_view bytes);

struct Publication {
    std::string_view topic;
    std::string_view payload;
    std::uint16_t packet_id = 0;  // 0: QoS 0, not to be acknowledged
    bool duplicate = false;
};

// nullopt for a malformed one.
std::optional<Publication> parse_publication(const Packet& packet);

struct ConnectOptions {
    std::string client_id;
    bool clean_session = true;
};

std::string connect_packet(const ConnectOptions& options);
std::string subscribe_packet(std::span<const std::string> filters, std::uint8_t quality_of_service);
void append_acknowledgement(std::uint16_t packet_id, std::string& out);

}  // namespace sitepower::bench
