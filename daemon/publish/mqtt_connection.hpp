// One attempt to reach one broker, and the connection that comes of it: one libmosquitto instance, used once.
// A fresh instance per attempt keeps the library from sending again what was not acknowledged: that is the
// outbox's to decide. Driven by hand on the publisher's thread; nothing here waits.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/publish/mqtt_link.hpp"
#include "daemon/publish/reconnect_plan.hpp"
#include "daemon/publish/settings.hpp"

struct mosquitto;

namespace sitepower {

struct ConnectionTarget {
    BrokerAddress address;
    bool protocol_5 = true;
    std::string client_id;
    // "0.0.0.0" or "::" choose the family of a name with several addresses, of which libmosquitto tries only
    // the first; empty: as the system orders them.
    std::string local_address = {};
};

// What the broker publishes, retained, when the connection is lost.
struct Will {
    std::string topic;
    std::string payload;
};

class MqttConnection final : public MqttLink {
  public:
    MqttConnection(const PublisherSettings& settings, ConnectionTarget target, const Will& will);
    ~MqttConnection() override;  // closes without a DISCONNECT: the will is published
    MqttConnection(const MqttConnection&) = delete;
    MqttConnection& operator=(const MqttConnection&) = delete;

    // For poll(): -1 when there is none (any more).
    int socket() const;
    bool wants_write() const;
    // After poll() said so; on_tick at least once a second.
    void on_readable();
    void on_writable();
    void on_tick();
    // Gives up, for a reason of ours.
    void give_up(EndKind kind, std::string reason);
    // Sends DISCONNECT: no will is published.
    void disconnect();

    bool accepted() const { return accepted_; }
    // How many unacknowledged messages the broker allows.
    std::size_t receive_maximum() const { return receive_maximum_; }
    const ConnectionTarget& target() const { return target_; }
    // Set when it is over, whether it was ever accepted or not.
    const std::optional<ConnectionEnd>& end() const { return end_; }

    // What has arrived since the last call.
    void take_acknowledgements(std::vector<Acknowledgement>& into);
    void take_messages(std::vector<ReceivedMessage>& into);

    SendResult publish(const OutgoingMessage& message) override;
    void subscribe(std::span<const std::string> filters, SubscribeMode mode) override;
    void unsubscribe(std::span<const std::string> filters) override;
    void begin_burst() override;
    void end_burst() override;

  private:
    friend struct MqttCallbacks;
    struct Destroy {
        void operator()(mosquitto* client) const;
    };

    // Each returns libmosquitto's error code.
    int configure(const PublisherSettings& settings, const Will& will);
    int configure_tls(const TlsSettings& tls);
    void set_callbacks();

    bool is_established();
    void refused(int code);
    void closed(int code);
    void check(int code);
    void finish(ConnectionEnd end);
    std::string reason_of(int code) const;

    ConnectionTarget target_;
    bool tls_ = false;
    bool tcp_established_ = false;
    bool accepted_ = false;
    bool disconnecting_ = false;
    std::size_t receive_maximum_ = 0;
    std::optional<ConnectionEnd> end_;
    std::string complaint_;  // the first of libmosquitto's log: the only place where it names TLS errors
    std::vector<Acknowledgement> acknowledgements_;
    std::vector<ReceivedMessage> messages_;
    std::unique_ptr<mosquitto, Destroy> client_;
};

// Reference counted by libmosquitto; around the life of the publisher.
void start_mqtt_library();
void stop_mqtt_library();

}  // namespace sitepower
