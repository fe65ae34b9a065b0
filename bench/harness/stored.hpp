// What a stopped daemon left on the disk. Main thread.
#pragma once

#include <cstdint>
#include <filesystem>

namespace sitepower::bench {

// Frames in the database below `state_directory`. Throws Failure when it cannot be read.
std::uint64_t stored_frames(const std::filesystem::path& state_directory);

}  // namespace sitepower::bench
