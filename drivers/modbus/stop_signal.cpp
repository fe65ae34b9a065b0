#include "drivers/modbus/stop_signal.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace sitepower::modbus {
namespace {

timespec span_until(SteadyTime when) {
    using std::chrono::nanoseconds;
    const auto left = std::max(nanoseconds{0}, nanoseconds{when - steady_now()});
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
    return {.tv_sec = seconds.count(), .tv_nsec = (left - seconds).count()};
}

}  // namespace

StopSignal::StopSignal() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

StopSignal::~StopSignal() {
    close(fd_);
}

void StopSignal::request() {
    requested_.store(true, std::memory_order_release);
    const std::uint64_t one = 1;
    // Fails only when the counter is full, and then the worker is awake anyway.
    [[maybe_unused]] const auto n = write(fd_, &one, sizeof one);
}

bool StopSignal::wait_until(SteadyTime when) const {
    return wait_for(-1, 0, when) == Ready::stopped;
}

Ready StopSignal::wait_for(int fd, short events, SteadyTime when) const {
    std::array<pollfd, 2> waits{{{fd_, POLLIN, 0}, {fd, events, 0}}};
    for (;;) {
        const auto left = span_until(when);
        const int ready = ppoll(waits.data(), fd < 0 ? 1 : 2, &left, nullptr);
        if (ready < 0 && errno == EINTR) continue;
        if (requested()) return Ready::stopped;
        return ready > 0 ? Ready::yes : Ready::timed_out;
    }
}

}  // namespace sitepower::modbus
