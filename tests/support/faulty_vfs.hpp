// A layer between SQLite and the disk that counts what is asked of the disk and fails when told to. While it
// lives it is the default VFS of the process: open databases after making it, close them before it goes.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

struct sqlite3_vfs;

namespace sitepower::support {

class FaultyVfs {
  public:
    FaultyVfs();
    ~FaultyVfs();
    FaultyVfs(const FaultyVfs&) = delete;
    FaultyVfs& operator=(const FaultyVfs&) = delete;

    // The n-th operation from now on (1 is the next) fails with this SQLite code.
    void fail_nth(std::int64_t n, int code);
    // All operations fail until heal().
    void fail_all(int code);
    // All writes, truncations, syncs and deletions fail until heal(); files that are there can be opened and
    // read.
    void fail_writes(int code);
    void heal();
    // Whether fail_nth has struck.
    bool struck() const { return struck_; }
    // How many operations fail_all and fail_writes have failed.
    std::uint64_t failed() const { return failed_; }

    std::uint64_t bytes_written() const { return bytes_written_; }
    std::uint64_t syncs() const { return syncs_; }

    // Called by the layer: an open, write, sync, truncation or deletion is about to happen. The code to fail
    // with, or SQLITE_OK.
    int before_operation();
    int before_opening(bool there);
    void count_bytes(std::uint64_t bytes) { bytes_written_ += bytes; }
    void count_sync() { ++syncs_; }
    sqlite3_vfs* below() const { return below_; }

  private:
    sqlite3_vfs* below_;
    sqlite3_vfs* layer_;
    std::atomic<std::int64_t> left_{0};  // operations until the one that fails; 0: none does
    std::atomic<int> code_{0};
    std::atomic<bool> all_{false};
    std::atomic<bool> writes_{false};
    std::atomic<bool> struck_{false};
    std::atomic<std::uint64_t> failed_{0};
    std::atomic<std::uint64_t> bytes_written_{0};
    std::atomic<std::uint64_t> syncs_{0};
};

}  // namespace sitepower::support
