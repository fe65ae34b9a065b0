// What the publisher does on one accepted connection: birth, retained states, live messages, backlog,
// replies, in this order of precedence and within one window of unacknowledged messages. It ends with the
// connection, and whatever it still held stays in the outbox. Publisher's thread; time comes in as an
// argument.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/message/message.hpp"
#include "daemon/publish/backlog_batch.hpp"
#include "daemon/publish/clock.hpp"
#include "daemon/publish/in_flight.hpp"
#include "daemon/publish/inbound_gate.hpp"
#include "daemon/publish/metric_gate.hpp"
#include "daemon/publish/mqtt_link.hpp"
#include "daemon/publish/publisher.hpp"
#include "daemon/publish/publisher_tally.hpp"
#include "daemon/publish/reconciler.hpp"
#include "daemon/publish/request_gate.hpp"
#include "daemon/publish/retained_messages.hpp"
#include "daemon/publish/settings.hpp"
#include "daemon/publish/status_messages.hpp"
#include "daemon/publish/token_bucket.hpp"

namespace sitepower {

// What outlives a session and is shared with the worker; all of it must outlive the session.
struct SessionEnvironment {
    const PublisherSettings& settings;
    const std::string& site;
    const std::string& root;  // "sitepower/v1/<site>/"
    StatusMessages& status;
    RetainedMessages& retained;
    PublisherObserver& observer;
    PublisherTally& tally;
};

// The wall clock and the steady clock of one turn.
struct Now {
    Steady steady{};
    Time time{};
};

class Session {
  public:
    // reconcile_at: when retained topics without an owner may be cleared. receive_maximum: the broker's
    // limit.
    Session(SessionEnvironment environment, MqttLink& link, bool protocol_5, std::size_t receive_maximum,
            Steady reconcile_at, Now now);

    // What the daemon wants sent. Nothing is sent before turn().
    void live(std::shared_ptr<const Message> message);
    // Also remembers it for the sessions to come.
    void retained(std::shared_ptr<const Message> message);
    void backlog(std::vector<std::shared_ptr<const Message>> batch, Steady now);
    void reply(const MqttRequest& request, std::string payload);
    bool has_live() const { return !live_.empty(); }
    // Whether acknowledgements may be left with the system for a moment, to be read many at once: nobody
    // waits for them while the window has plenty of room. Requests are not kept waiting.
    bool may_gather_acknowledgements() const;
    // A live message found no room before it came here.
    void left_behind(Steady now) { backlog_.something_was_left(now); }

    // What the broker said.
    void acknowledged(const Acknowledgement& acknowledgement, Now now);
    void received(ReceivedMessage message, Now now);

    // Sends what may be sent now and reports what was delivered.
    void turn(Now now);
    // When turn() has something to do even if nothing happens before.
    Steady next_due(Steady now);

    // Publishes `offline` behind what waits, or at once when `force_at` has come. Then done() when all is
    // acknowledged.
    void finish(Steady force_at);
    bool done() const { return offline_sent_ && in_flight_.size() == 0; }

    // Why the connection should be given up, e.g. a broker that does not acknowledge.
    const std::optional<std::string>& complaint() const { return complaint_; }

  private:
    struct OwnMessage {
        std::string topic;  // whole
        std::string payload;
        bool retained = false;
        std::optional<Duration> expiry = {};
        std::string correlation_data = {};
        std::shared_ptr<const Message> source = {};  // reported when acknowledged
    };

    void send_waiting(Now now);
    bool send_own(Steady now);
    bool send_state(Steady now);
    bool send_live(Steady now);
    bool send_backlog(Steady now);
    bool send(const OutgoingMessage& message, InFlightMessage entry);
    void clear_late(const Message& message, Steady now);
    void refuse(const InFlightMessage& entry, int reason_code);
    void settle(const InFlightMessage& entry);
    void repeat(Now now);
    void finish_if_due(Now now);
    void report();
    void check_acknowledgements(Steady now);
    void send_late(std::shared_ptr<const Message> message);
    void queue_clear(std::string topic, std::shared_ptr<const Message> source);
    std::string_view payload_of(const Message& message);
    std::size_t backlog_room() const;

    SessionEnvironment environment_;
    MqttLink& link_;
    InFlight in_flight_;
    std::deque<OwnMessage> own_;    // status, replies, clears
    std::set<std::string> states_;  // topics of retained messages to send,
    std::string last_state_;        // in turn from behind this one
    std::deque<std::shared_ptr<const Message>> live_;
    BacklogBatch backlog_;
    TokenBucket backlog_rate_;
    std::optional<RequestGate> gate_;
    std::optional<MetricGate> metrics_;
    std::optional<InboundGate> inbound_;
    Reconciler reconciler_;
    Time since_;
    Steady status_due_;
    Steady retained_due_;
    Steady check_due_;
    std::size_t backlog_in_flight_ = 0;
    std::optional<Steady> finish_at_;
    bool offline_sent_ = false;
    std::optional<std::string> complaint_;
    std::vector<MessageKey> delivered_;
    std::string topic_;   // reused
    std::string buffer_;  // reused
};

}  // namespace sitepower
