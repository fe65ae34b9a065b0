// Queries of the store: a read-only connection of its own, for the worker's thread. Each call keeps the
// database open for reading for at most a slice of 50 ms, so that checkpoints are never held up for long.
// Owned by whoever asks; one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/result.hpp"
#include "daemon/message/message.hpp"

namespace sitepower {

struct OutboxBatch {
    // As they were live, in the order of their keys.
    std::vector<std::shared_ptr<const Message>> messages;
    // Frames that a damaged disk has taken: tell Store::delivered, or they are asked for again and again.
    std::vector<MessageKey> unreadable;
};

struct OutboxSummary {
    std::uint64_t count = 0;
    std::optional<Time> oldest;
};

class Reader {
  public:
    // path: Store::path().
    static Result<std::unique_ptr<Reader>> open(const std::string& path);
    ~Reader();
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    // Undelivered messages with keys above `after`, at most `limit` and at most what one slice of time gives;
    // an empty batch means that there are none.
    Result<OutboxBatch> outbox_batch(MessageKey after, std::size_t limit);
    Result<OutboxSummary> outbox_summary();

    class Connection;  // shared by the queries in this folder

  private:
    explicit Reader(std::unique_ptr<Connection> connection);
    std::unique_ptr<Connection> connection_;
};

}  // namespace sitepower
