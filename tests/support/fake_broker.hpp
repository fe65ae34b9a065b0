// A peer that behaves badly where a broker should be: silent, closing, or refusing MQTT 5. Accepts any number
// of connections on 127.0.0.1 on a thread of its own; ends with its owner.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

namespace sitepower::support {

enum class FakeBrokerManner : std::uint8_t {
    silent,              // accepts the connection and never says a word
    closes_mqtt_5,       // closes when the CONNECT asks for MQTT 5, accepts 3.1.1 and acknowledges everything
    refuses_mqtt_5,      // the same, but says "unacceptable protocol version" first, as 3.1.1 brokers do
    never_acknowledges,  // accepts any CONNECT, and answers nothing but pings from then on
    closes_soon,         // accepts any CONNECT and closes right after
    takes_over,          // the same, saying that another client has taken the session over (MQTT 5)
};

class FakeBroker {
  public:
    explicit FakeBroker(FakeBrokerManner manner);
    ~FakeBroker();
    FakeBroker(const FakeBroker&) = delete;
    FakeBroker& operator=(const FakeBroker&) = delete;

    std::uint16_t port() const { return port_; }
    int connects() const { return connects_; }    // TCP connections so far
    int publishes() const { return publishes_; }  // PUBLISH packets so far

  private:
    void run();

    const FakeBrokerManner manner_;
    int listener_ = -1;
    int wake_ = -1;
    std::uint16_t port_ = 0;
    std::atomic<int> connects_{0};
    std::atomic<int> publishes_{0};
    std::thread thread_;
};

}  // namespace sitepower::support
