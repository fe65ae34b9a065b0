// The daily copy of what is small and precious (alerts, windows, memories, audit, the epochs): two files
// beside the database, each checked before it takes the place of the older one. Restored when the database is
// set aside.
#pragma once

#include <string>

#include "core/base/result.hpp"
#include "daemon/store/sqlite.hpp"

namespace sitepower {

// True when the newest copy is older than a day, by the times of the files.
bool precious_copy_due(const std::string& directory);

// Writes a copy of the database at `path`; on the writer's thread. An Error leaves both old copies as they
// are.
Status write_precious_copy(const std::string& path, const std::string& directory);

// Into a fresh database, from the newest copy that is sound. True when there was one. The connection's
// failure is about the fresh database only.
bool restore_precious(sqlite::Database& fresh, const std::string& directory);

}  // namespace sitepower
