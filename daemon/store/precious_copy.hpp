// The copy of what is small and precious (alerts, windows, memories, audit, the epochs, models and the steps
// of series): two files beside the database, each checked before it takes the place of the older one.
// Restored when the database is set aside, empty or gone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "daemon/store/sqlite.hpp"

namespace sitepower {

// What a fresh database got from a copy.
struct RestoredCopy {
    Time written{};  // by the time of its file
    std::uint64_t alerts = 0;
    std::uint64_t windows = 0;
    std::uint64_t memories = 0;
    std::uint64_t audit_rows = 0;
};

// Those that are there, the newest first; sound or not.
std::vector<std::string> precious_copies(const std::string& directory);

// True when the newest copy is older than a day, by the times of the files.
bool precious_copy_due(const std::string& directory);

// Writes a copy of the database at `path`; on the writer's thread. An Error leaves both old copies as they
// are.
Status write_precious_copy(const std::string& path, const std::string& directory);

// Into a fresh database, from the newest copy that is sound; nullopt when there is none. The connection's
// failure is about the fresh database only.
std::optional<RestoredCopy> restore_precious(sqlite::Database& fresh, const std::string& directory);

}  // namespace sitepower
