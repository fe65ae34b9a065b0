// The MQTT publisher: one thread that drives one libmosquitto connection by hand. Live messages go out at
// once while there is a connection and room in the window; everything else is left to the outbox
// (daemon/store) and comes back as backlog. Owned by the app; publish(), backlog() and reply() are called
// from the loop thread, the observer from the publisher's thread.
//
// What was not acknowledged when a connection ends is reported to nobody: it is still in the outbox. The last
// message of every retained topic is remembered, sent again after each connect and every 15 minutes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
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
    std::string note;               // what an operator should know of this connection; may be empty
};

// An MQTT 5 request, already checked for its response topic, age and rate.
struct MqttRequest {
    std::string operation;
    std::string payload;
    std::string response_topic;
    std::string correlation_data;
};

// A value of a declared metric, "service/name", that somebody has published.
struct MetricValue {
    std::string metric;
    Time time;
    double value = 0;
};

// A message on one of PublisherSettings::inbound.
struct InboundMessage {
    std::string topic;  // the whole name
    std::string payload;
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
    // Asks for a backlog() batch: after each connect from the oldest undelivered message on, then, when all
    // of the last batch has been acknowledged, from behind its last key on; what was refused stands in
    // between and waits for the next connect. After an empty or missing answer it asks again within seconds.
    virtual void backlog_wanted() = 0;
    virtual void request(MqttRequest request) = 0;
    // NOLINTNEXTLINE(performance-unnecessary-value-param): who overrides it keeps it.
    virtual void metric(MetricValue /*value*/) {}
    // NOLINTNEXTLINE(performance-unnecessary-value-param): who overrides it keeps it.
    virtual void inbound(InboundMessage /*message*/) {}
    // The first payload of a metric that is of no use; the others are only counted.
    // NOLINTNEXTLINE(performance-unnecessary-value-param): who overrides it keeps both texts.
    virtual void metric_refused(std::string /*metric*/, std::string /*why*/) {}
};

struct PublisherCounters {
    std::uint64_t published_live = 0;
    std::uint64_t published_backlog = 0;
    std::uint64_t acknowledged = 0;
    std::uint64_t refused = 0;
    std::uint64_t no_subscriber = 0;     // PUBACK 0x10
    std::uint64_t left_to_backlog = 0;   // live messages that found no room
    std::uint64_t requests = 0;          // handed to the observer
    std::uint64_t requests_dropped = 0;  // malformed, late or above the rate
    std::uint64_t metrics = 0;           // values handed to the observer
    std::uint64_t metrics_refused = 0;   // malformed, retained or above the rate
    std::uint64_t inbound = 0;           // messages handed to the observer
    std::uint64_t inbound_dropped = 0;   // retained, expired, too large or above the rate
    std::uint64_t connects = 0;
    std::size_t in_flight = 0;
    std::optional<Time> last_acknowledged = {};  // empty: nothing yet
    std::optional<double> latency_ms = {};       // from sending the last acknowledged message to its PUBACK
};

class Publisher {
  public:
    // epoch_bits: of this start of the daemon, for the ids of `status`; status_seq: where the publisher
    // before this one ended, so that no id comes twice. The observer must outlive it.
    Publisher(PublisherSettings settings, std::string site, std::uint64_t epoch_bits,
              PublisherObserver& observer, std::uint64_t status_seq = 0);
    ~Publisher();  // stops without waiting for acknowledgements
    Publisher(const Publisher&) = delete;
    Publisher& operator=(const Publisher&) = delete;

    void start();
    // Publishes `offline`, waits for what is in flight until the deadline, disconnects, joins.
    void stop(Duration at_most);
    // After stop(): the `seq` of its last `status`.
    std::uint64_t status_seq() const;

    // Live. False: not connected or no room; the outbox has it, nothing else is to be done. Right after
    // start(), until the first attempt to connect has ended and for at most two seconds, live messages wait
    // for the connection, so that what is read in the first moments does not come as backlog. A retained
    // message is remembered also while there is no connection; an empty one clears its topic, and false means
    // that there was no room and the topic goes on.
    bool publish(std::shared_ptr<const Message> message);
    // Undelivered messages in order, sent on backlog/<topic> (not retained) at a bounded rate and behind
    // everything live; keys in flight live are skipped. A batch replaces one that is still waiting. False: no
    // room, it was not taken.
    bool backlog(std::vector<std::shared_ptr<const Message>> batch);
    // A reply to an MQTT 5 request, QoS 1, not stored: dropped when there is no connection.
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
