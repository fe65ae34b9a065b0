// What publishing costs with nothing but libmosquitto: QoS 1, published from the thread that runs the loop.
// Used by the bare chain and by the measurement of the publisher. Throws std::runtime_error.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct mosquitto;

namespace sitepower::bench {

class BareMqtt {
  public:
    // Connected when it returns.
    explicit BareMqtt(std::uint16_t port);
    ~BareMqtt();

    void publish(const std::string& topic, std::string_view payload);
    // Takes what has arrived, waiting at most `wait` for the first.
    void run_loop(std::chrono::milliseconds wait);

    std::size_t unacknowledged() const { return published_ - acknowledged_; }

  private:
    static void on_acknowledged(mosquitto* client, void* self, int packet);

    std::unique_ptr<mosquitto, void (*)(mosquitto*)> client_;
    std::size_t published_ = 0;
    std::size_t acknowledged_ = 0;
};

}  // namespace sitepower::bench
