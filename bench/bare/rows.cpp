#include "bench/bare/rows.hpp"

#include <sqlite3.h>

#include <stdexcept>

namespace sitepower::bench {

BareRows::BareRows(const std::string& path) {
    if (sqlite3_open(path.c_str(), &database_) != SQLITE_OK) {
        throw std::runtime_error("cannot open " + path);
    }
    run("PRAGMA journal_mode=WAL");
    run("PRAGMA synchronous=FULL");
    run("CREATE TABLE frame(id INTEGER PRIMARY KEY, time INTEGER, device INTEGER, registers BLOB)");
    constexpr const char* insert = "INSERT INTO frame(time, device, registers) VALUES(?, ?, ?)";
    sqlite3_prepare_v2(database_, insert, -1, &insert_, nullptr);
    run("BEGIN");
}

BareRows::~BareRows() {
    sqlite3_finalize(insert_);
    sqlite3_close(database_);
}

void BareRows::append(std::chrono::steady_clock::time_point time, std::size_t device,
                      std::span<const std::uint16_t> registers) {
    sqlite3_bind_int64(insert_, 1, time.time_since_epoch().count());
    sqlite3_bind_int64(insert_, 2, static_cast<std::int64_t>(device));
    sqlite3_bind_blob(insert_, 3, registers.data(), static_cast<int>(registers.size_bytes()), SQLITE_STATIC);
    if (sqlite3_step(insert_) != SQLITE_DONE) {
        throw std::runtime_error(sqlite3_errmsg(database_));
    }
    sqlite3_reset(insert_);
}

void BareRows::commit() {
    run("COMMIT");
    run("BEGIN");
}

void BareRows::run(const char* statement) {
    if (sqlite3_exec(database_, statement, nullptr, nullptr, nullptr) != SQLITE_OK) {
        throw std::runtime_error(std::string(statement) + ": " + sqlite3_errmsg(database_));
    }
}

}  // namespace sitepower::bench
