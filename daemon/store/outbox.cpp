#include "daemon/store/outbox.hpp"

#include <fmt/format.h>

#include <bit>

#include "daemon/store/frame_block.hpp"

namespace sitepower {

namespace {

std::optional<std::int64_t> expiry_ms(const Message& message) {
    return message.expiry ? std::optional(message.expiry->count()) : std::nullopt;
}

}  // namespace

void PendingBits::set(std::int64_t index) {
    const auto byte = static_cast<std::size_t>(index / 8);
    if (byte >= bytes_.size()) bytes_.resize(byte + 1);
    bytes_[byte] = static_cast<std::uint8_t>(bytes_[byte] | (1U << (index % 8)));
}

bool PendingBits::clear(std::int64_t index) {
    if (!test(index)) return false;
    auto& byte = bytes_[static_cast<std::size_t>(index / 8)];
    byte = static_cast<std::uint8_t>(byte & ~(1U << (index % 8)));
    return true;
}

bool PendingBits::test(std::int64_t index) const {
    const auto byte = static_cast<std::size_t>(index / 8);
    return index >= 0 && byte < bytes_.size() && (bytes_[byte] >> (index % 8) & 1) != 0;
}

std::uint64_t PendingBits::count() const {
    std::uint64_t count = 0;
    for (const auto byte : bytes_) count += static_cast<std::uint64_t>(std::popcount(byte));
    return count;
}

Outbox::Outbox(sqlite::Database& database)
    : database_(database),
      insert_block_(database, "INSERT INTO pending (block, bits) VALUES (?, ?)"),
      find_blocks_(database,
                   "SELECT block, bits FROM pending WHERE block <= ? AND block > ? ORDER BY block DESC"),
      update_block_(database, "UPDATE pending SET bits = ?2 WHERE block = ?1"),
      delete_block_(database, "DELETE FROM pending WHERE block = ? RETURNING bits"),
      insert_text_(database,
                   "INSERT OR IGNORE INTO texts (key, epoch_bits, seq, kind, topic, retained, expiry_ms, "
                   "stored_ms, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"),
      delete_text_(database, "DELETE FROM texts WHERE key = ?"),
      delete_states_(database,
                     fmt::format("DELETE FROM texts WHERE key IN (SELECT key FROM texts WHERE kind = {} "
                                 "ORDER BY key LIMIT ?)",
                                 static_cast<int>(MessageKind::state))),
      count_(count_outbox(database)),
      committed_count_(count_) {}

void Outbox::add_block(MessageKey block, const PendingBits& bits) {
    insert_block_.run(static_cast<std::int64_t>(block), bits.bytes());
    count_ += bits.count();
}

void Outbox::add_text(const Message& message, Time now) {
    insert_text_.run(static_cast<std::int64_t>(message.key), message.epoch_bits, message.seq,
                     static_cast<int>(message.kind), message.topic, message.retained ? 1 : 0,
                     expiry_ms(message), to_ms(now), std::get<std::string>(message.body));
    count_ += static_cast<std::uint64_t>(database_.changes());
}

std::vector<MessageKey> Outbox::remove(std::span<const MessageKey> keys) {
    std::vector<MessageKey> unknown;
    for (const auto key : keys) {
        if (!database_.ok()) break;
        const auto number = static_cast<std::int64_t>(key);
        if (block_.loaded && block_.bits.clear(number - block_.key)) {
            block_.changed = true;
            --count_;
            continue;
        }
        delete_text_.run(number);
        if (database_.ok() && database_.changes() > 0) {
            --count_;
        } else if (!remove_frame(number)) {
            unknown.push_back(key);
        }
    }
    save_block();
    block_ = {};
    return unknown;
}

bool Outbox::remove_frame(std::int64_t key) {
    save_block();
    // More than one block covers a key only when messages were appended out of order.
    bool more = find_blocks_.query(key, key - block_key_span_limit);
    while (more) {
        block_ = {find_blocks_.integer(0), PendingBits(find_blocks_.blob(1)), true, false};
        if (block_.bits.clear(key - block_.key)) {
            block_.changed = true;
            --count_;
            break;
        }
        more = find_blocks_.step();
    }
    find_blocks_.finish();
    return more;
}

void Outbox::save_block() {
    if (!block_.changed) return;
    if (block_.bits.count() == 0) {
        erase_block(block_.key);
        block_.loaded = false;
    } else {
        update_block_.run(block_.key, block_.bits.bytes());
    }
    block_.changed = false;
}

std::uint64_t Outbox::drop_block(MessageKey block) {
    const auto undelivered = erase_block(static_cast<std::int64_t>(block));
    count_ -= undelivered;
    return undelivered;
}

std::uint64_t Outbox::erase_block(std::int64_t key) {
    std::uint64_t undelivered = 0;
    if (delete_block_.query(key)) {
        undelivered = PendingBits(delete_block_.blob(0)).count();
        while (delete_block_.step()) {
        }
    }
    delete_block_.finish();
    return undelivered;
}

std::uint64_t Outbox::drop_oldest_states(int limit) {
    if (!delete_states_.run(limit)) return 0;
    const auto dropped = static_cast<std::uint64_t>(database_.changes());
    count_ -= dropped;
    return dropped;
}

void Outbox::rolled_back() {
    count_ = committed_count_;
    block_ = {};
}

std::uint64_t count_outbox(sqlite::Database& database) {
    std::uint64_t count = 0;
    sqlite::Statement bits(database, "SELECT bits FROM pending");
    for (bool more = bits.query(); more; more = bits.step()) count += PendingBits(bits.blob(0)).count();
    return count + static_cast<std::uint64_t>(database.integer("SELECT count(*) FROM texts").value_or(0));
}

}  // namespace sitepower
