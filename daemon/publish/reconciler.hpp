// Clears retained topics of this site that should not exist any more: alerts resolved while the broker was
// away, parts that have left the configuration. Listens to the site's own retained topics for a moment after
// each connect. Owned by the session.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/publish/clock.hpp"
#include "daemon/publish/mqtt_link.hpp"
#include "daemon/publish/retained_messages.hpp"

namespace sitepower {

class Reconciler {
  public:
    // root: "sitepower/v1/<site>/". begins: not before the site has told all its states.
    Reconciler(std::string root, Steady begins);

    // Subscribes and unsubscribes when it is time to.
    void turn(MqttLink& link, Steady now);
    std::optional<Steady> due() const;

    // The topic below the root to clear, when this message asks for it.
    std::optional<std::string> judge(const ReceivedMessage& message, const RetainedMessages& held,
                                     Steady now);

  private:
    enum class Phase { waiting, listening, done };

    std::string root_;
    std::vector<std::string> filters_;
    Phase phase_ = Phase::waiting;
    Steady next_;      // begin of listening, or its end when nothing more comes
    Steady latest_{};  // end of listening whatever comes
};

}  // namespace sitepower
