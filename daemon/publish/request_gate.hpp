// Decides which MQTT 5 requests reach the daemon: only fresh ones, at a bounded rate, whose reply goes to a
// topic below the site's own reply/. Owned by the session; publisher's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "daemon/publish/clock.hpp"
#include "daemon/publish/mqtt_link.hpp"
#include "daemon/publish/publisher.hpp"
#include "daemon/publish/token_bucket.hpp"

namespace sitepower {

enum class RequestVerdict : std::uint8_t {
    accepted,
    limited,  // above the rate; the one of this second that is told so
    dropped,  // retained, expired, too large, or nowhere to answer to; or above the rate and not told
};

struct JudgedRequest {
    RequestVerdict verdict = RequestVerdict::dropped;
    MqttRequest request;  // unless dropped
};

class RequestGate {
  public:
    // root: "sitepower/v1/<site>/".
    RequestGate(std::string root, std::size_t per_minute, Steady now);

    std::string filter() const { return root_ + "request/+"; }
    JudgedRequest judge(ReceivedMessage message, Steady now);

  private:
    bool may_be_answered(const ReceivedMessage& message) const;

    std::string root_;
    TokenBucket rate_;
    TokenBucket complaints_;
};

// The reply to a limited request.
std::string rate_limited_reply(Time now);

}  // namespace sitepower
