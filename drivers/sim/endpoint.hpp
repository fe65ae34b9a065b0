// Opens what simulated devices are reached through: listening sockets on the loopback address, and
// pseudo-terminals that stand for a serial line. Used by the server.
#pragma once

#include <cstdint>
#include <string>

#include "drivers/sim/descriptor.hpp"

namespace sitepower::sim {

// Not blocking. `port` 0 takes a free one and says which. Throws std::system_error.
Descriptor listen_on_loopback(std::uint16_t& port);

// Accepts without blocking and without delay of small answers (TCP_NODELAY); empty when nobody waits.
Descriptor accept_from(const Descriptor& listener);

struct SerialLine {
    Descriptor device_side;  // not blocking
    Descriptor client_side;  // raw; kept open so that the line survives clients that come and go
};

// Makes `link` a symbolic link to the client's side; an old link is replaced, anything else there is left and
// refused. Throws std::system_error.
SerialLine open_serial_line(const std::string& link);

}  // namespace sitepower::sim
