// What has been committed and not yet delivered, as the writer keeps it: bitmaps for the frames of blocks,
// rows for texts. Belongs to the writer's thread; all calls but the constructor inside a transaction.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "daemon/message/message.hpp"
#include "daemon/store/bytes.hpp"
#include "daemon/store/sqlite.hpp"

namespace sitepower {

// The undelivered frames of one block, by key - first key of the block.
class PendingBits {
  public:
    PendingBits() = default;
    explicit PendingBits(std::span<const std::uint8_t> bytes) : bytes_(bytes.begin(), bytes.end()) {}
    void set(std::int64_t index);
    // True when it was set.
    bool clear(std::int64_t index);
    bool test(std::int64_t index) const;
    std::uint64_t count() const;
    const Bytes& bytes() const { return bytes_; }

  private:
    Bytes bytes_;
};

class Outbox {
  public:
    explicit Outbox(sqlite::Database& database);

    void add_block(MessageKey block, const PendingBits& bits);
    void add_text(const Message& message, Time now);
    // Takes out what has been delivered; `keys` are sorted. Those that are not in the outbox come back.
    std::vector<MessageKey> remove(std::span<const MessageKey> keys);
    // Takes a whole block out, without delivery. How many of its frames were undelivered.
    std::uint64_t drop_block(MessageKey block);

    // The same for undelivered states, oldest first.
    std::uint64_t drop_oldest_states(int limit);

    std::uint64_t count() const { return count_; }
    // After the commit, or the roll-back, of what was done since the last of these calls.
    void committed() { committed_count_ = count_; }
    void rolled_back();

  private:
    struct Block {
        std::int64_t key = 0;
        PendingBits bits;
        bool loaded = false;
        bool changed = false;
    };
    bool remove_frame(std::int64_t key);
    std::uint64_t erase_block(std::int64_t key);
    void save_block();

    sqlite::Database& database_;
    sqlite::Statement insert_block_;
    sqlite::Statement find_blocks_;
    sqlite::Statement update_block_;
    sqlite::Statement delete_block_;
    sqlite::Statement insert_text_;
    sqlite::Statement delete_text_;
    sqlite::Statement delete_states_;
    Block block_;  // the one worked on
    std::uint64_t count_ = 0;
    std::uint64_t committed_count_ = 0;
};

// Undelivered messages of a database, counted from its rows.
std::uint64_t count_outbox(sqlite::Database& database);

}  // namespace sitepower
