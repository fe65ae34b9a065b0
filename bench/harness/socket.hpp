// The little of sockets that the harness needs, on the loopback interface only.
#pragma once

#include <cstdint>
#include <utility>

namespace sitepower::bench {

// Owns a file descriptor.
class Descriptor {
  public:
    Descriptor() = default;
    explicit Descriptor(int fd) : fd_(fd) {}
    ~Descriptor();
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept;

    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }

  private:
    int fd_ = -1;
};

struct Listener {
    Descriptor socket;  // non-blocking
    std::uint16_t port = 0;
};

// On a port that the kernel chose. Throws Failure.
Listener listen_on_loopback();
// A port that was free a moment ago, for a program that must be told its port.
std::uint16_t free_port();
// The next connection, non-blocking and without Nagle's delay; empty when none waits.
Descriptor accept_one(const Listener& listener);
// Blocking, without Nagle's delay; empty when nobody answers.
Descriptor connect_to_loopback(std::uint16_t port);

}  // namespace sitepower::bench
