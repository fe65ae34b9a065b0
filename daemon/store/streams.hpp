// The table of streams, as the writer uses it: finds or makes the number of a message's layout and topic.
// Belongs to the writer's thread.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "daemon/message/message.hpp"
#include "daemon/store/frame_block.hpp"
#include "daemon/store/sqlite.hpp"

namespace sitepower {

class StreamTable {
  public:
    explicit StreamTable(sqlite::Database& database);
    // Inside a transaction; a new stream is inserted. `frame` is the message's body.
    StreamId id_of(const Message& message, const FramePtr& frame);
    // After a roll-back: numbers that were given since the last commit are void.
    void forget() { known_.clear(); }

  private:
    struct Known {
        std::shared_ptr<const Layout> layout;  // held, so that the pointer in the key stays its own
        std::string topic;
        std::optional<Duration> expiry;
        StreamId id = 0;
    };
    StreamId look_up(const Message& message, const Layout& layout);

    sqlite::Database& database_;
    sqlite::Statement find_;
    sqlite::Statement insert_;
    std::unordered_map<const Layout*, Known> known_;
};

}  // namespace sitepower
