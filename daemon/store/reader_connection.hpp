// What all queries of a Reader share: the connection, the streams it has met, the length of a slice. Belongs
// to the thread that uses the Reader.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "daemon/store/frame_block.hpp"
#include "daemon/store/reader.hpp"
#include "daemon/store/sqlite.hpp"

namespace sitepower {

// A row of the table `streams`.
struct Stream {
    std::shared_ptr<const Layout> layout;  // null: the row is damaged
    std::string topic;
    std::optional<Duration> expiry;
};

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

    // Null for a stream that is not there.
    const Stream* stream(StreamId id);
    // The connection's failure as an Error; the next call starts afresh.
    Error take_failure();

    sqlite::Database database;

  private:
    std::unordered_map<StreamId, Stream> streams_;
};

}  // namespace sitepower
