// What others publish on topics that the daemon listens to, beside metrics and requests: answers to commands,
// bids, prices. Only of declared topics, fresh, not too large and at a bounded rate. Owned by the session;
// publisher's thread.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/publish/clock.hpp"
#include "daemon/publish/mqtt_link.hpp"
#include "daemon/publish/publisher.hpp"
#include "daemon/publish/token_bucket.hpp"

namespace sitepower {

class InboundGate {
  public:
    static constexpr std::size_t longest_payload = 256UL * 1024;
    static constexpr double messages_per_second = 50;

    InboundGate(const std::vector<InboundTopic>& topics, Steady now);

    // Of the topics whose retained message counts, or of the others.
    std::vector<std::string> filters(bool retained) const;
    bool concerns(const std::string& topic) const { return topics_.contains(topic); }
    // Nothing: it is dropped.
    std::optional<InboundMessage> judge(ReceivedMessage message, Steady now);

  private:
    std::map<std::string, bool, std::less<>> topics_;  // and whether the retained message counts
    TokenBucket rate_;
};

}  // namespace sitepower
