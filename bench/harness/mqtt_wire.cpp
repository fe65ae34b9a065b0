#include "bench/harness/mqtt_wire.hpp"

namespace sitepower::bench {
namespace {

constexpr std::uint16_t keepalive_s = 0;  // off: the subscriber need not send pings

std::uint16_t word_at(std::string_view bytes, std::size_t offset) {
    return static_cast<std::uint16_t>(static_cast<std::uint8_t>(bytes[offset]) << 8 |
                                      static_cast<std::uint8_t>(bytes[offset + 1]));
}

void append_word(std::uint16_t word, std::string& out) {
    out.push_back(static_cast<char>(word >> 8));
    out.push_back(static_cast<char>(word & 0xFF));
}

void append_text(std::string_view text, std::string& out) {
    append_word(static_cast<std::uint16_t>(text.size()), out);
    out += text;
}

std::string packet(std::uint8_t first_byte, std::string_view body) {
    std::string out(1, static_cast<char>(first_byte));
    auto length = body.size();
    do {
        const auto more = length >= 128 ? 0x80U : 0U;
        out.push_back(static_cast<char>(length % 128 | more));
        length /= 128;
    } while (length > 0);
    return out.append(body);
}

}  // namespace

std::optional<Packet> parse_packet(std::string_view bytes) {
    std::size_t length = 0;
    for (std::size_t i = 1; i < bytes.size() && i <= 4; ++i) {
        const auto byte = static_cast<std::uint8_t>(bytes[i]);
        length |= std::size_t{byte & 0x7FU} << (7 * (i - 1));
        if (byte < 0x80) {
            const auto size = i + 1 + length;
            if (size > bytes.size()) {
                return std::nullopt;
            }
            const auto first = static_cast<std::uint8_t>(bytes[0]);
            return Packet{.type = static_cast<std::uint8_t>(first >> 4),
                          .flags = static_cast<std::uint8_t>(first & 0x0F),
                          .body = bytes.substr(i + 1, length),
                          .size = size};
        }
    }
    return std::nullopt;
}

std::optional<Publication> parse_publication(const Packet& packet) {
    const auto body = packet.body;
    const std::size_t id_bytes = (packet.flags & 0x06U) != 0 ? 2 : 0;
    if (body.size() < 2 || body.size() < 2U + word_at(body, 0) + id_bytes) {
        return std::nullopt;
    }
    const std::size_t topic_end = 2U + word_at(body, 0);
    return Publication{.topic = body.substr(2, topic_end - 2),
                       .payload = body.substr(topic_end + id_bytes),
                       .packet_id = id_bytes == 0 ? std::uint16_t{0} : word_at(body, topic_end),
                       .duplicate = (packet.flags & 0x08U) != 0};
}

std::string connect_packet(const ConnectOptions& options) {
    std::string body;
    append_text("MQTT", body);
    body.push_back(4);  // 3.1.1
    body.push_back(options.clean_session ? 2 : 0);
    append_word(keepalive_s, body);
    append_text(options.client_id, body);
    return packet(0x10, body);
}

std::string subscribe_packet(std::span<const std::string> filters, std::uint8_t quality_of_service) {
    std::string body;
    append_word(1, body);
    for (const auto& filter : filters) {
        append_text(filter, body);
        body.push_back(static_cast<char>(quality_of_service));
    }
    return packet(0x82, body);
}

void append_acknowledgement(std::uint16_t packet_id, std::string& out) {
    out += "\x40\x02";
    append_word(packet_id, out);
}

}  // namespace sitepower::bench
