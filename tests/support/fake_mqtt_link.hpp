// An MqttLink that records what it is given and numbers it like libmosquitto does.
#pragma once

#include <string>
#include <vector>

#include "daemon/publish/mqtt_link.hpp"

namespace sitepower::support {

class FakeMqttLink final : public MqttLink {
  public:
    struct Sent {
        int mid = 0;
        std::string topic;
        std::string payload;
        bool retained = false;
        std::optional<Duration> expiry = {};
        std::string correlation_data = {};
    };

    SendResult publish(const OutgoingMessage& message) override {
        if (!answer.outcome_is_sent()) return answer.result;
        sent.push_back({.mid = ++last_mid,
                        .topic = message.topic,
                        .payload = std::string(message.payload),
                        .retained = message.retained,
                        .expiry = message.expiry,
                        .correlation_data = std::string(message.correlation_data)});
        return {.outcome = SendOutcome::sent, .mid = last_mid};
    }
    void subscribe(std::span<const std::string> filters, SubscribeMode /*mode*/) override {
        subscribed.insert(subscribed.end(), filters.begin(), filters.end());
    }
    void unsubscribe(std::span<const std::string> filters) override {
        unsubscribed.insert(unsubscribed.end(), filters.begin(), filters.end());
    }
    void begin_burst() override { ++bursts; }
    void end_burst() override { --bursts; }

    // What was sent on this topic, in order.
    std::vector<Sent> on(const std::string& topic) const {
        std::vector<Sent> matching;
        for (const auto& message : sent) {
            if (message.topic == topic) matching.push_back(message);
        }
        return matching;
    }

    struct Answer {
        SendResult result{.outcome = SendOutcome::sent};
        bool outcome_is_sent() const { return result.outcome == SendOutcome::sent; }
    };
    Answer answer;  // to what is sent from now on
    int last_mid = 0;
    int bursts = 0;  // begun and not ended
    std::vector<Sent> sent;
    std::vector<std::string> subscribed;
    std::vector<std::string> unsubscribed;
};

}  // namespace sitepower::support
