// From "it is time to try" to an accepted connection: looks the name up, tries the families of its address in
// turn, and bounds every wait. Holds the connection afterwards, until it ends. Publisher's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/publish/clock.hpp"
#include "daemon/publish/mqtt_connection.hpp"
#include "daemon/publish/reconnect_plan.hpp"
#include "daemon/publish/settings.hpp"
#include "drivers/net/name_lookup.hpp"

namespace sitepower {

class Dialer {
  public:
    // settings must outlive it.
    explicit Dialer(const PublisherSettings& settings, std::string client_id)
        : settings_(settings), client_id_(std::move(client_id)) {}

    void begin(const Attempt& attempt, Will will, Steady now);
    bool active() const { return lookup_ || connection_; }

    // nullptr while the name is being looked up.
    MqttConnection* connection() { return connection_.get(); }
    int lookup_fd() const { return lookup_ ? lookup_->fd() : -1; }

    // Goes on where it can. Returns the end of the attempt, or of the connection that came of it; nothing is
    // active then.
    std::optional<ConnectionEnd> turn(Steady now);
    Steady deadline() const { return deadline_; }  // of the attempt, while it is not accepted
    void drop();

  private:
    void connect(Steady now);

    const PublisherSettings& settings_;
    std::string client_id_;
    Attempt attempt_;
    Will will_;
    std::unique_ptr<NameLookup> lookup_;
    std::vector<std::string> local_addresses_;  // still to be tried, last first
    std::unique_ptr<MqttConnection> connection_;
    Steady deadline_{};
};

}  // namespace sitepower
