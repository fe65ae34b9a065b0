#include "bench/harness/waiting.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <thread>

#include "bench/harness/failure.hpp"

namespace sitepower::bench {
namespace {

volatile std::sig_atomic_t interrupted = 0;

void on_signal(int /*signal*/) {
    interrupted = 1;
}

constexpr Seconds slice{0.005};

}  // namespace

void catch_signals() {
    struct sigaction action {};
    action.sa_handler = on_signal;
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
}

void wait_for(Seconds time) {
    const auto end = SteadyClock::now() + time;
    while (interrupted == 0) {
        const Seconds left = end - SteadyClock::now();
        if (left <= Seconds::zero()) {
            return;
        }
        std::this_thread::sleep_for(std::min(left, 10 * slice));
    }
    throw Interrupted();
}

void wait_until(std::string_view what, Seconds at_most, const std::function<bool()>& condition) {
    const auto end = SteadyClock::now() + at_most;
    while (!condition()) {
        if (SteadyClock::now() >= end) {
            throw Failure(fmt::format("{}: not within {:.0f} s", what, at_most.count()));
        }
        wait_for(slice);
    }
}

}  // namespace sitepower::bench
