// Writes a batch of rows and acknowledgements as one transaction: all of it or nothing. Belongs to the
// writer's thread; knows nothing of threads, retries and intervals.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "daemon/store/frame_block.hpp"
#include "daemon/store/hour_index.hpp"
#include "daemon/store/outbox.hpp"
#include "daemon/store/records.hpp"
#include "daemon/store/row_queue.hpp"
#include "daemon/store/sqlite.hpp"
#include "daemon/store/streams.hpp"

namespace sitepower {

// Acknowledged keys, looked up while a batch is written.
class DeliveredKeys {
  public:
    explicit DeliveredKeys(std::vector<MessageKey> keys);
    // True when the key is among them; it then counts as used.
    bool use(MessageKey key);
    // In order.
    std::vector<MessageKey> unused() const;

  private:
    std::vector<MessageKey> keys_;
    std::vector<bool> used_;
};

class Committer {
  public:
    Committer(sqlite::Database& database, Epoch epoch);

    // False: nothing has changed, the connection's failure says why. `now` is when texts are stored.
    bool commit(const Batch& batch, Time now);

    // The frames of the last successful commit, with their streams, and its last block; valid while the batch
    // is.
    std::span<const BlockEntry> entries() const { return entries_; }
    MessageKey last_block() const { return last_block_; }

    std::uint64_t outbox() const { return outbox_.count(); }
    Outbox& outbox_table() { return outbox_; }

  private:
    void sort_out(const Batch& batch, DeliveredKeys& delivered, Time now);
    void write_blocks(DeliveredKeys& delivered);
    void write_block(std::vector<BlockEntry>& entries, DeliveredKeys& delivered);
    void keep_early(std::span<const MessageKey> unknown);

    sqlite::Database& database_;
    sqlite::Statement insert_block_;
    StreamTable streams_;
    HourIndex hours_;
    Outbox outbox_;
    RecordTables records_;
    std::vector<BlockEntry> entries_;
    MessageKey last_block_{};
    MessageKey last_key_{};          // the largest that has been committed
    std::vector<MessageKey> early_;  // acknowledged before their row was appended
};

}  // namespace sitepower
