// Writes what hands devices back, while nobody else uses their buses: the work of sitepower-release. Needs no
// daemon, no configuration and no database. One thread per link.
#pragma once

#include <string>
#include <vector>

#include "daemon/release/release_file.hpp"

namespace sitepower {

struct Released {
    std::string device;
    bool done = false;    // acknowledged by the device
    std::string message;  // what became of it, for people
};

// Tries each write until it is acknowledged, or `at_most` has passed. In the order of `writes`.
std::vector<Released> release_all(const std::vector<ReleaseWrite>& writes, Duration at_most);

}  // namespace sitepower
