// Simulated devices that cost little and count exactly: Modbus TCP gateways on loopback ports, served by one
// thread of the harness. They answer after a fixed delay, like a device that works in its own rhythm, or are
// silent. Owned by the measurement; the counters may be read from any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "bench/harness/register_image.hpp"
#include "bench/harness/socket.hpp"

namespace sitepower::bench {

struct DeviceSettings {
    int gateways = 8;
    int units_per_gateway = 1;  // unit ids 1, 2, ...
    std::chrono::microseconds answer_delay{0};
    ImageKind image = ImageKind::stamped;
};

class Devices {
  public:
    // Listening when it returns. Throws Failure.
    explicit Devices(DeviceSettings settings);
    ~Devices();
    Devices(const Devices&) = delete;
    Devices& operator=(const Devices&) = delete;

    const DeviceSettings& settings() const { return settings_; }
    const std::vector<std::uint16_t>& ports() const { return ports_; }  // by gateway

    std::uint64_t answers() const { return answers_.load(std::memory_order_relaxed); }
    // From now on this unit of gateway 0 does not answer; 0: all do.
    void silence_unit(int unit) { silent_unit_.store(unit, std::memory_order_relaxed); }

  private:
    class Server;

    DeviceSettings settings_;
    std::vector<std::uint16_t> ports_;
    std::atomic<std::uint64_t> answers_{0};
    std::atomic<int> silent_unit_{0};
    std::unique_ptr<Server> server_;
    std::jthread thread_;
};

}  // namespace sitepower::bench
