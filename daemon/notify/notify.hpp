// What the daemon tells the service manager: readiness, a status line that a human can read, the watchdog's
// feed. Without a service manager (a plain terminal) every call does nothing. Called from the loop thread.
#pragma once

#include <string_view>

#include "core/base/time.hpp"

namespace sitepower::notify {

void ready();
void stopping();
void status(std::string_view text);
void feed_watchdog();

// How often the service manager expects to be fed; 0 when there is no watchdog.
Duration watchdog_interval();

}  // namespace sitepower::notify
