// A message: what leaves for the broker, with its stable identity. Made on the loop thread by the executor,
// kept by the store until acknowledged, sent by the publisher. Store and publisher meet in this value and
// nowhere else.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/base/frame.hpp"
#include "core/base/time.hpp"

namespace sitepower {

// Orders all messages ever made on this box: (number of the start << 40) | sequence. The store's primary key.
enum class MessageKey : std::int64_t {};

// One start of the daemon: 64 random bits drawn and committed before the first message, so that neither a
// fresh database nor a cloned disk reuses an id.
struct Epoch {
    std::uint64_t bits = 0;
    std::int64_t number = 0;  // 1, 2, 3, ... in this database

    MessageKey key(std::uint64_t sequence) const {
        return MessageKey{(number << 40) | static_cast<std::int64_t>(sequence)};
    }
};

// What may be given up first at the store's limit; readings go before anything else.
enum class MessageKind : std::uint8_t { readings, state, alert, event };

struct Message {
    MessageKey key{};
    std::uint64_t epoch_bits = 0;
    std::uint64_t seq = 0;  // per topic and epoch, without gaps, from 1
    MessageKind kind = MessageKind::readings;
    std::string topic;  // below the root "sitepower/v1/<site>/"
    bool retained = false;
    std::optional<Duration> expiry;  // MQTT 5 message expiry
    // Readings travel as the frame and become JSON on the publisher's thread; all else is JSON already. An
    // empty string clears a retained topic.
    std::variant<FramePtr, std::string> body;
};

// "<site>-<16 hex digits of the epoch>-<sequence>", the `id` of every payload.
std::string message_id(std::string_view site, std::uint64_t epoch_bits, MessageKey key);

inline constexpr std::uint64_t sequence_of(MessageKey key) {
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(key) & ((std::int64_t{1} << 40) - 1));
}

}  // namespace sitepower
