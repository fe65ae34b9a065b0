// The table of streams: StreamTable gives the number of a message's layout and topic (the writer),
// StreamCatalog what a number stands for (whoever reads blocks and roll-ups). Each belongs to the thread of
// its connection.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

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

// A row of the table.
struct Stream {
    StreamId id = 0;
    std::shared_ptr<const Layout> layout;  // null: the row is damaged
    std::string topic;
    std::optional<Duration> expiry;
};

class StreamCatalog {
  public:
    explicit StreamCatalog(sqlite::Database& database) : database_(database) {}
    // Null when there is none of that number. Valid as long as the catalogue.
    const Stream* find(StreamId id);
    // All of a device, oldest first: a changed configuration begins a new stream.
    std::vector<const Stream*> of_device(std::string_view device);

  private:
    sqlite::Database& database_;
    std::unordered_map<StreamId, Stream> streams_;
};

}  // namespace sitepower
