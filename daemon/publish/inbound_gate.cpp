#include "daemon/publish/inbound_gate.hpp"

#include <utility>

namespace sitepower {

InboundGate::InboundGate(const std::vector<InboundTopic>& topics, Steady now)
    : rate_(messages_per_second, messages_per_second, now) {
    for (const auto& topic : topics) topics_[topic.topic] = topic.may_be_retained;
}

std::vector<std::string> InboundGate::filters(bool retained) const {
    std::vector<std::string> filters;
    for (const auto& [topic, may_be_retained] : topics_) {
        if (may_be_retained == retained) filters.push_back(topic);
    }
    return filters;
}

std::optional<InboundMessage> InboundGate::judge(ReceivedMessage message, Steady now) {
    const auto known = topics_.find(message.topic);
    const bool is_stale = message.expiry_s == 0U || (message.retained && !known->second);
    if (is_stale || message.payload.size() > longest_payload || !rate_.take(now)) return std::nullopt;
    return InboundMessage{.topic = std::move(message.topic), .payload = std::move(message.payload)};
}

}  // namespace sitepower
