// A subscriber with a thread of its own: hears what arrives at the broker and when. Reads many messages with
// one system call, so that it takes little from what is measured; comes back by itself when the broker does.
#pragma once

#include <atomic>
#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "bench/harness/mqtt_wire.hpp"
#include "bench/harness/socket.hpp"
#include "bench/harness/waiting.hpp"

namespace sitepower::bench {

struct Delivery {
    std::string_view topic;
    std::string_view payload;
    SteadyTime arrived;  // after the read that brought it
};

// Called from the subscriber's thread.
class Receiver {
  public:
    virtual ~Receiver() = default;
    virtual void receive(const Delivery& delivery) = 0;
};

struct SubscriberSettings {
    std::uint16_t port = 0;
    ConnectOptions connect;
    std::uint8_t quality_of_service = 1;
    std::vector<std::string> filters{"sitepower/v1/+/device/+/readings"};
};

class Subscriber {
  public:
    // Subscribed when it returns. Throws Failure.
    Subscriber(SubscriberSettings settings, Receiver& receiver);
    ~Subscriber();
    Subscriber(const Subscriber&) = delete;
    Subscriber& operator=(const Subscriber&) = delete;

    std::uint64_t received() const { return received_.load(std::memory_order_relaxed); }
    bool subscribed() const { return subscribed_.load(std::memory_order_acquire); }

  private:
    void run(const std::stop_token& stop);
    void session(const Descriptor& socket, const std::stop_token& stop);
    void take_packets(std::string& waiting, SteadyTime arrived, std::string& reply);
    void take(const Packet& packet, SteadyTime arrived, std::string& reply);

    SubscriberSettings settings_;
    Receiver& receiver_;
    std::atomic<std::uint64_t> received_{0};
    std::atomic<bool> subscribed_{false};
    std::jthread thread_;
};

}  // namespace sitepower::bench
