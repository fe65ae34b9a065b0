// TCP connections as the Modbus links need them: a connect with its own time-out, no delay before small
// packets, keepalive. Called from a bus's thread.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "core/base/result.hpp"
#include "drivers/modbus/stop_signal.hpp"

namespace sitepower::modbus {

// Owns a file descriptor.
class Descriptor {
  public:
    Descriptor() = default;
    explicit Descriptor(int fd) : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept;
    ~Descriptor() { reset(); }

    int get() const { return fd_; }
    bool is_open() const { return fd_ >= 0; }
    void reset();

  private:
    int fd_ = -1;
};

// A connected, non-blocking socket. Tries each address of `host` in turn until `timeout` is over. The error
// is a sentence that names host, port and cause.
Result<Descriptor> connect_tcp(const std::string& host, std::uint16_t port, SteadySpan timeout,
                               const StopSignal& stop);

}  // namespace sitepower::modbus
