// The MQTT publisher: one thread that drives one libmosquitto connection by hand. Live messages go out at
// once while there is a connection and room in the window; everything else is left to the outbox
// (daemon/store) and comes back as backlog. Owned by the app; publish(), retained() and backlog() are called
// from the loop thread, the observer from the publisher's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "daemon/message/message.hpp"
#include "daemon/publish/settings.hpp"

namespace sitepower {

struct ConnectionState {
    bool connected = false;
    std::string broker;  // "host:port"
    std::string reason;  // why not connected, for people
    bool protocol_5 = false;
    bool taken_over_twice = false;  // another client uses our id: stay away, alert
};

// An MQTT 5 request, already checked for its response topic, age and rate.
struct MqttRequest {
    std::string operation;
    std::string payload;
    std::string response_topic;
    std::string correlation_data;
};

// Called from the publisher's thread; must not block.
class PublisherObserver {
  public:
    virtual ~PublisherObserver() = default;
    // The broker took these (PUBACK with a reason below 0x80).
    virtual void delivered(std::span<const MessageKey> keys) = 0;
    // The broker refused (PUBACK 0x80 and above): keep the row, alert.
    virtual void refused(MessageKey key, int reason_code) = 0;
    virtual void connection_changed(const ConnectionState& state) = 0;
    // The last backlog batch has been sent and acknowledged, or given up on disconnect: send the next.
    virtual void backlog_wanted() = 0;
    virtual void request(MqttRequest request) = 0;
};

struct PublisherCounters {
    std::uint64_t published_live = 0;
    std::uint64_t published_backlog = 0;
    std::uint64_t acknowledged = 0;
    std::uint64_t refused = 0;
    std::uint64_t no_subscriber = 0;  // PUBACK 0x10
    std::uint64_t left_to_backlog = 0;
    std::uint64_t connects = 0;
    std::size_t in_flight = 0;
};

class Publisher {
  public:
    Publisher(PublisherSettings settings, std::string site, PublisherObserver& observer);
    ~Publisher();  // stops without waiting for acknowledgements
    Publisher(const Publisher&) = delete;
    Publisher& operator=(const Publisher&) = delete;

    void start();
    // Publishes `offline`, waits for what is in flight until the deadline, disconnects, joins.
    void stop(Duration at_most);

    // Live. False: not connected or no room; the outbox has it, nothing else is to be done.
    bool publish(std::shared_ptr<const Message> message);
    // Undelivered messages in order, sent on backlog/<topic> (not retained); keys in flight live are skipped.
    void backlog(std::vector<std::shared_ptr<const Message>> batch);
    // A reply to an MQTT 5 request, QoS 1, not stored.
    void reply(const MqttRequest& request, std::string payload);

    ConnectionState connection() const;
    PublisherCounters counters() const;
    Duration since_progress() const;  // the watchdog's measure
    Duration progress_limit() const;

  private:
    class Worker;
    std::unique_ptr<Worker> worker_;
};

}  // namespace sitepower
