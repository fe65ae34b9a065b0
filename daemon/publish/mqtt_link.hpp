// What a session needs of a connection: send, subscribe. Implemented by MqttConnection over libmosquitto and
// by a fake in the tests of the session. Publisher's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/time.hpp"

namespace sitepower {

struct OutgoingMessage {
    const std::string& topic;  // the whole name
    std::string_view payload;
    bool retained = false;
    std::optional<Duration> expiry = {};     // MQTT 5 only
    std::string_view correlation_data = {};  // MQTT 5 only
};

enum class SendOutcome : std::uint8_t {
    sent,     // `mid` will be acknowledged
    refused,  // the broker said beforehand that it would: `reason_code` is what it would answer
    ended,    // there is no connection any more
};

struct SendResult {
    SendOutcome outcome = SendOutcome::ended;
    int mid = 0;
    int reason_code = 0;
};

enum class SubscribeMode : std::uint8_t {
    new_messages,
    retained_ones,
    with_retained,  // both
};

class MqttLink {
  public:
    virtual ~MqttLink() = default;
    virtual SendResult publish(const OutgoingMessage& message) = 0;  // QoS 1
    virtual void subscribe(std::span<const std::string> filters, SubscribeMode mode) = 0;
    virtual void unsubscribe(std::span<const std::string> filters) = 0;
    // Between these two calls the socket may collect what is sent into full segments.
    virtual void begin_burst() = 0;
    virtual void end_burst() = 0;
};

// A message from the broker.
struct ReceivedMessage {
    std::string topic;
    std::string payload;
    bool retained = false;
    std::string response_topic;
    std::string correlation_data;
    std::optional<std::uint32_t> expiry_s;
};

struct Acknowledgement {
    int mid = 0;
    int reason_code = 0;  // MQTT 5; 0 for 3.1.1
};

}  // namespace sitepower
