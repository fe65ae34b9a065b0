// What the store may use. Filled from the configuration.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/base/time.hpp"

namespace sitepower {

struct StoreSettings {
    std::string directory = "/var/lib/sitepower";
    Duration commit_interval{5000};
    Duration keep_frames{std::chrono::days{30}};
    Duration keep_minutes{std::chrono::days{365}};
    Duration keep_quarters{std::chrono::days{3650}};
    std::size_t keep_records = 100'000;            // of each: resolved alerts, ended windows, audit rows
    Duration keep_series{std::chrono::days{400}};  // steps and matched forecasts
    std::uint64_t max_bytes = 4ULL << 30;  // of the database; raw frames go first, undelivered ones last
    std::size_t queue = 100'000;           // rows that may wait for the writer
};

}  // namespace sitepower
