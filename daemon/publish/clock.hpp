// The clock of the publisher's deadlines. It enters every part as an argument, so that tests need not wait.
#pragma once

#include <chrono>

namespace sitepower {

using Steady = std::chrono::steady_clock::time_point;

}  // namespace sitepower
