#include "daemon/notify/notify.hpp"

#include <systemd/sd-daemon.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace sitepower::notify {

void ready() {
    sd_notify(0, "READY=1");
}

void stopping() {
    sd_notify(0, "STOPPING=1");
}

void status(std::string_view text) {
    sd_notify(0, ("STATUS=" + std::string(text)).c_str());
}

void feed_watchdog() {
    sd_notify(0, "WATCHDOG=1");
}

Duration watchdog_interval() {
    std::uint64_t interval_us = 0;
    if (sd_watchdog_enabled(0, &interval_us) <= 0) {
        return Duration{0};
    }
    return std::chrono::duration_cast<Duration>(std::chrono::microseconds(interval_us));
}

}  // namespace sitepower::notify
