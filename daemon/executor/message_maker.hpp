// Gives every message its identity: the key (global order), the id that follows from it, and a sequence
// number per topic without gaps. One per start of the daemon; owned by the executor, used on the loop thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "daemon/message/message.hpp"
#include "daemon/message/payload.hpp"

namespace sitepower {

class MessageMaker {
  public:
    // site: the identifier that stands in every payload; must outlive the maker.
    MessageMaker(std::string site, Epoch epoch);

    // The readings of one frame.
    std::shared_ptr<const Message> readings(FramePtr frame);

    // A JSON message: `render` is called with the head and gives the payload.
    template <class Render>
    std::shared_ptr<const Message> text(MessageKind kind, std::string topic, Time time, Render&& render) {
        auto message = begin(kind, std::move(topic));
        message->body = render(head_of(*message, time));
        return message;
    }
    // The same, retained, with an optional expiry on MQTT 5 brokers.
    template <class Render>
    std::shared_ptr<const Message> retained(MessageKind kind, std::string topic, Time time,
                                            std::optional<Duration> expiry, Render&& render) {
        auto message = begin(kind, std::move(topic));
        message->retained = true;
        message->expiry = expiry;
        message->body = render(head_of(*message, time));
        return message;
    }
    // Takes a retained topic off the broker; has no identity and is not stored (see Publisher's
    // reconciliation).
    std::shared_ptr<const Message> cleared(std::string topic);

    // A topic that will not be used again; its sequence is forgotten.
    void forget(const std::string& topic) { seq_by_topic_.erase(topic); }

    const std::string& site() const { return site_; }
    const Epoch& epoch() const { return epoch_; }
    MessageKey newest() const { return epoch_.key(sequence_); }

  private:
    std::shared_ptr<Message> begin(MessageKind kind, std::string topic);
    PayloadHead head_of(const Message& message, Time time) const;

    std::string site_;
    Epoch epoch_;
    std::uint64_t sequence_ = 0;
    std::unordered_map<std::string, std::uint64_t> seq_by_topic_;
    // Readings are the hot path: their topic is found by the device's name and built once.
    struct ReadingsTopic {
        std::string topic;
        std::uint64_t seq = 0;
    };
    std::unordered_map<std::string, ReadingsTopic> readings_by_device_;
};

}  // namespace sitepower
