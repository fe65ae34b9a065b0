// The configuration of the measured site, as files: sitepower.toml and a device profile for the simulated
// devices. Main thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "bench/harness/register_image.hpp"

namespace sitepower::bench {

inline constexpr const char* site_id = "bench";

struct SiteFiles {
    std::vector<std::uint16_t> ports;  // one bus each
    int units_per_bus = 1;
    ImageKind image = ImageKind::stamped;
    std::chrono::milliseconds period{0};  // 0: again as soon as answered
    std::chrono::milliseconds response_timeout{1000};
    std::uint16_t broker_port = 0;
    std::filesystem::path ca_file;  // of the broker; empty: without TLS
    std::string more_points;        // of every device, as text of its profile
    std::string more;               // after all else
};

// "DEV-2-07": the seventh unit of the second bus.
std::string device_id(int bus, int unit);

// Makes `directory` with the files in it (the database goes there too) and returns the path of
// sitepower.toml. With jars each bus is a string of batteries, so that the engine has its real work.
std::filesystem::path write_site(const SiteFiles& site, const std::filesystem::path& directory);

}  // namespace sitepower::bench
