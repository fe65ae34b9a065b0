// What storing costs with nothing but SQLite: one table, one row of packed registers per poll, write-ahead
// log, group commit. Used by the bare chain and by the measurement of the store. Throws std::runtime_error.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>

struct sqlite3;
struct sqlite3_stmt;

namespace sitepower::bench {

class BareRows {
  public:
    explicit BareRows(const std::string& path);
    ~BareRows();
    BareRows(const BareRows&) = delete;
    BareRows& operator=(const BareRows&) = delete;

    void append(std::chrono::steady_clock::time_point time, std::size_t device,
                std::span<const std::uint16_t> registers);
    void commit();  // and begin the next transaction

  private:
    void run(const char* statement);

    sqlite3* database_ = nullptr;
    sqlite3_stmt* insert_ = nullptr;
};

}  // namespace sitepower::bench
