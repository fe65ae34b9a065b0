#include "bench/harness/stored.hpp"

#include <sqlite3.h>

#include "bench/harness/failure.hpp"

namespace sitepower::bench {

std::uint64_t stored_frames(const std::filesystem::path& state_directory) {
    const auto file = state_directory / "sitepower.db";
    sqlite3* database = nullptr;
    sqlite3_stmt* query = nullptr;
    const bool read =
        sqlite3_open_v2(file.c_str(), &database, SQLITE_OPEN_READWRITE, nullptr) == SQLITE_OK &&
        sqlite3_prepare_v2(database, "SELECT sum(frames) FROM blocks", -1, &query, nullptr) == SQLITE_OK &&
        sqlite3_step(query) == SQLITE_ROW;
    const auto frames = read ? sqlite3_column_int64(query, 0) : 0;
    sqlite3_finalize(query);
    sqlite3_close(database);
    if (!read) {
        throw Failure("cannot read " + file.string());
    }
    return static_cast<std::uint64_t>(frames);
}

}  // namespace sitepower::bench
