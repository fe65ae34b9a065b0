// The one line that "systemctl status sitepowerd" shows. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace sitepower {

struct StatusFacts {
    std::size_t devices = 0;
    std::size_t devices_online = 0;
    bool broker_enabled = true;
    bool broker_connected = false;
    std::uint64_t outbox = 0;
    bool store_healthy = true;
    std::size_t alerts = 0;
};

// "5/5 devices, broker connected, outbox 0, 1 alert"
std::string status_line(const StatusFacts& facts);

}  // namespace sitepower
