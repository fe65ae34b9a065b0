// A real Mosquitto on ports and in a directory of its own, without its default limits on what waits for a
// subscriber. Owned by the measurement; main thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "bench/harness/process.hpp"

namespace sitepower::bench {

class Broker {
  public:
    // Answering when it returns. Throws Failure.
    explicit Broker(std::filesystem::path directory);

    std::uint16_t port() const { return port_; }
    std::uint16_t tls_port() const { return tls_port_; }
    std::filesystem::path certificate() const {
        return directory_ / "certificate.pem";
    }  // of itself, and its own CA
    pid_t id() const { return process_->id(); }

    void stop() { process_.reset(); }
    // With the sessions that it had when it was stopped.
    void start();

  private:
    void make_certificate();
    void write_configuration();

    std::filesystem::path directory_;
    std::uint16_t port_;
    std::uint16_t tls_port_;
    std::unique_ptr<Process> process_;
};

}  // namespace sitepower::bench
