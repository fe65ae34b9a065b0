// The table `hours`, as the writer keeps it: which blocks may hold frames of an hour. Written generously
// ahead, so that most commits do not touch it. Belongs to the writer's thread.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "daemon/store/frame_block.hpp"
#include "daemon/store/sqlite.hpp"

namespace sitepower {

class HourIndex {
  public:
    explicit HourIndex(sqlite::Database& database);
    // Inside a transaction: the block holds a frame of that time.
    void add(const BlockHead& block, Time time);
    void rolled_back() { reserved_.clear(); }

  private:
    sqlite::Statement upsert_;
    struct Range {
        std::int64_t first_key;
        std::int64_t last_key;
    };
    std::unordered_map<std::int64_t, Range> reserved_;  // as written, for the hours of late
};

// Block keys, both included, that may hold frames of [from, to].
struct BlockRange {
    std::int64_t first_key = 0;
    std::int64_t last_key = -1;
};
BlockRange blocks_between(sqlite::Database& database, Time from, Time to);

}  // namespace sitepower
