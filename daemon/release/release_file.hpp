// What hands each controlled device back to its own control: written by the daemon before it takes the first
// one, read by sitepower-release when the daemon has ended, however that was. Plain values and a file; any
// thread.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "drivers/modbus/bus.hpp"
#include "drivers/modbus/write.hpp"

namespace sitepower {

struct ReleaseWrite {
    std::string device;
    modbus::BusSettings bus;  // of the link: endpoint and delays
    modbus::WriteRequest request;
    Duration response_timeout{1000};
};

// Name of the file in the state directory.
inline constexpr const char* release_file_name = "release.json";

// Whole or not at all, and on the disk when it returns. Nothing to write: the file is taken away.
Status keep_releases(const std::string& path, const std::vector<ReleaseWrite>& writes);
// Empty without such a file: nothing was controlled.
Result<std::vector<ReleaseWrite>> read_releases(const std::string& path);

}  // namespace sitepower
