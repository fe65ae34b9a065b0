// What all queries of a Reader share: the connection, the streams it has met, the length of a slice. Belongs
// to the thread that uses the Reader.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "daemon/store/reader.hpp"
#include "daemon/store/sqlite.hpp"
#include "daemon/store/streams.hpp"

namespace sitepower {

// How long a call may hold the database open.
class Slice {
  public:
    bool over() const { return std::chrono::steady_clock::now() >= end_; }

  private:
    static constexpr auto length = std::chrono::milliseconds(50);
    std::chrono::steady_clock::time_point end_ = std::chrono::steady_clock::now() + length;
};

class Reader::Connection {
  public:
    explicit Connection(const std::string& path) : database(path, sqlite::Access::read_only) {}

    // The connection's failure as an Error; the next call starts afresh.
    Error take_failure();

    sqlite::Database database;
    StreamCatalog streams{database};
};

}  // namespace sitepower
