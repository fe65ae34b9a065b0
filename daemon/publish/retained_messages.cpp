#include "daemon/publish/retained_messages.hpp"

#include <algorithm>
#include <utility>

namespace sitepower {
namespace {

std::string_view first_level(std::string_view topic) {
    return topic.substr(0, topic.find('/'));
}

}  // namespace

bool is_clear(const Message& message) {
    const auto* text = std::get_if<std::string>(&message.body);
    return message.retained && text != nullptr && text->empty();
}

std::shared_ptr<const Message> RetainedMessages::remember(std::shared_ptr<const Message> message) {
    auto found = entries_.find(message->topic);
    if (found == entries_.end()) {
        const bool fits = entries_.size() < limit_;
        if (is_clear(*message) || fits) {
            left_out_.erase(message->topic);
        } else if (left_out_.size() < limit_) {
            left_out_.insert(message->topic);
        } else {
            lost_count_ = lost_count_ || !left_out_.contains(message->topic);
        }
        if (is_clear(*message) || !fits) return nullptr;
        found = entries_.emplace(message->topic, Entry{}).first;
    }
    auto before = found->second.delivered ? nullptr : std::move(found->second.message);
    if (is_clear(*message))
        entries_.erase(found);
    else
        found->second = {.message = std::move(message)};
    return before;
}

std::shared_ptr<const Message> RetainedMessages::find(const std::string& topic) const {
    const auto found = entries_.find(topic);
    return found == entries_.end() ? nullptr : found->second.message;
}

bool RetainedMessages::is_delivered(const std::string& topic) const {
    const auto found = entries_.find(topic);
    return found != entries_.end() && found->second.delivered;
}

void RetainedMessages::delivered(const Message& message) {
    const auto found = entries_.find(message.topic);
    if (found != entries_.end() && found->second.message->key == message.key) found->second.delivered = true;
}

void RetainedMessages::sent(const std::string& topic, Steady now) {
    const auto found = entries_.find(topic);
    if (found != entries_.end()) found->second.sent = now;
}

std::vector<std::string> RetainedMessages::topics() const {
    std::vector<std::string> all;
    all.reserve(entries_.size());
    for (const auto& [topic, entry] : entries_) all.push_back(topic);
    return all;
}

std::vector<std::string> RetainedMessages::not_sent_since(Steady before) const {
    std::vector<std::string> due;
    for (const auto& [topic, entry] : entries_) {
        if (entry.sent < before) due.push_back(topic);
    }
    return due;
}

bool RetainedMessages::should_be_cleared(std::string_view topic) const {
    if (lost_count_ || !left_out_.empty() || entries_.contains(topic)) return false;
    const auto level = first_level(topic);
    if (level == "alert") return true;
    return std::ranges::any_of(entries_,
                               [&](const auto& entry) { return first_level(entry.first) == level; });
}

}  // namespace sitepower
