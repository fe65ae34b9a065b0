// Waiting, always with an end: for a time, or for a condition with a deadline. Each wait throws Interrupted
// after Ctrl-C or SIGTERM. Main thread only.
#pragma once

#include <chrono>
#include <functional>
#include <string_view>

namespace sitepower::bench {

using SteadyClock = std::chrono::steady_clock;
using SteadyTime = SteadyClock::time_point;
using Seconds = std::chrono::duration<double>;

// From now on SIGINT and SIGTERM end the next wait.
void catch_signals();

void wait_for(Seconds time);

// Looks at `condition` every few milliseconds. Throws Failure, naming `what`, when it does not hold in time.
void wait_until(std::string_view what, Seconds at_most, const std::function<bool()>& condition);

}  // namespace sitepower::bench
