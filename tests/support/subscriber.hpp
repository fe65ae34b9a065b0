// A real MQTT 5 client that records everything it receives, on libmosquitto's own thread. Any thread of a
// test may look at the record. It reconnects by itself; with a persistent session the broker keeps for it
// what it misses.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

struct mosquitto;

namespace sitepower::support {

struct Received {
    std::string topic = {};
    std::string payload = {};
    bool retained = false;  // it was on the broker before the subscription
    int qos = 0;
    std::string response_topic = {};
    std::string correlation_data = {};
    std::optional<std::uint32_t> expiry_s = {};
};

struct SubscriberOptions {
    std::uint16_t port = 0;
    std::string client_id = {};             // empty: one is made
    bool persistent = false;                // needs a client id; the session lives for an hour
    std::vector<std::string> filters = {};  // subscribed with QoS 1 at each connect
    std::string user = {};
    std::string password = {};
    std::string ca_file = {};  // not empty: TLS to "localhost"
    std::chrono::milliseconds ready_within{10'000};
};

class Subscriber {
  public:
    // Returns when it is connected and all filters are granted; throws when that takes longer than
    // ready_within.
    explicit Subscriber(SubscriberOptions options);
    ~Subscriber();
    Subscriber(const Subscriber&) = delete;
    Subscriber& operator=(const Subscriber&) = delete;

    using Record = std::vector<Received>;
    // True as soon as the condition holds on what has been received, false at the deadline.
    bool wait_until(const std::function<bool(const Record&)>& condition,
                    std::chrono::milliseconds at_most = std::chrono::seconds(20));
    bool wait_for_count(std::size_t count, std::chrono::milliseconds at_most = std::chrono::seconds(20));
    // All of the record, or what came after its first `from` messages.
    Record received(std::size_t from = 0) const;
    std::vector<Received> received_on(const std::string& topic) const;
    void forget();

    struct Outgoing {
        std::string topic = {};
        std::string payload = {};
        bool retained = false;
        std::string response_topic = {};
        std::string correlation_data = {};
        std::optional<std::uint32_t> expiry_s = std::nullopt;
    };
    // QoS 1; does not wait.
    void publish(const Outgoing& message);

    // How often it has connected so far.
    int connects() const;

  private:
    friend struct SubscriberCallbacks;
    void configure() const;
    void connect();
    void end();

    const SubscriberOptions options_;
    mosquitto* client_ = nullptr;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    Record received_;          // guarded by mutex_
    std::size_t granted_ = 0;  // guarded by mutex_; filters of this connection
    int connects_ = 0;         // guarded by mutex_
};

}  // namespace sitepower::support
