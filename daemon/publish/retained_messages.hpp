// The last message of every retained topic: what the broker should hold. Outlives connections, so that each
// new one can be given all of it. Bounded: a topic beyond the limit is sent once and not remembered. Owned by
// the publisher's worker and used on its thread only.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/message/message.hpp"
#include "daemon/publish/clock.hpp"

namespace sitepower {

class RetainedMessages {
  public:
    explicit RetainedMessages(std::size_t limit) : limit_(limit) {}

    // Takes the place of the topic's last message; an empty one ends the topic. Returns the message before
    // when the broker is not known to have it, else nullptr.
    std::shared_ptr<const Message> remember(std::shared_ptr<const Message> message);

    // nullptr when the topic is not held.
    std::shared_ptr<const Message> find(const std::string& topic) const;
    bool is_delivered(const std::string& topic) const;
    // The broker has it; says nothing about a newer message of the same topic.
    void delivered(const Message& message);
    void sent(const std::string& topic, Steady now);

    std::vector<std::string> topics() const;
    // Topics that were last sent before `before`.
    std::vector<std::string> not_sent_since(Steady before) const;
    std::size_t size() const { return entries_.size(); }

    // Whether a topic that the broker retains and that is not held here should be cleared there: when it is
    // an alert, or when others of its kind are held, so that its part has left the site. Never while a topic
    // is left out at the limit: until it has ended, or has been told again and found room.
    bool should_be_cleared(std::string_view topic) const;

  private:
    struct Entry {
        std::shared_ptr<const Message> message;
        bool delivered = false;
        Steady sent{};
    };
    std::size_t limit_;
    std::map<std::string, Entry, std::less<>> entries_;
    std::set<std::string> left_out_;  // at most limit_
    bool lost_count_ = false;         // more were left out than can be told apart
};

// Whether the message clears its retained topic.
bool is_clear(const Message& message);

}  // namespace sitepower
