#include "daemon/store/committer.hpp"

#include <algorithm>
#include <utility>

namespace sitepower {

namespace {

// Acknowledgements that wait for their row: the executor publishes before it appends, but appends right
// after, so there are few.
constexpr std::size_t early_limit = 100'000;

// How many of the entries, from the front, go into the next block.
std::size_t next_block_size(std::span<const BlockEntry> entries) {
    const auto& first = entries.front();
    const auto limit = std::min(entries.size(), block_frames_limit);
    std::size_t values = first.frame->values.size();
    std::size_t size = 1;
    for (; size < limit; ++size) {
        const auto& next = entries[size];
        values += next.frame->values.size();
        const auto span = static_cast<std::int64_t>(next.key) - static_cast<std::int64_t>(first.key);
        if (values > block_values_limit || span >= block_key_span_limit ||
            next.epoch_bits != first.epoch_bits)
            break;
    }
    return size;
}

}  // namespace

DeliveredKeys::DeliveredKeys(std::vector<MessageKey> keys) : keys_(std::move(keys)) {
    std::ranges::sort(keys_);
    keys_.erase(std::unique(keys_.begin(), keys_.end()), keys_.end());
    used_.resize(keys_.size());
}

bool DeliveredKeys::use(MessageKey key) {
    const auto it = std::ranges::lower_bound(keys_, key);
    if (it == keys_.end() || *it != key) return false;
    used_[static_cast<std::size_t>(it - keys_.begin())] = true;
    return true;
}

std::vector<MessageKey> DeliveredKeys::unused() const {
    std::vector<MessageKey> keys;
    for (std::size_t i = 0; i < keys_.size(); ++i) {
        if (!used_[i]) keys.push_back(keys_[i]);
    }
    return keys;
}

Committer::Committer(sqlite::Database& database, Epoch epoch)
    : database_(database),
      insert_block_(database,
                    "INSERT OR IGNORE INTO blocks (key, last_key, first_ms, last_ms, frames, body) "
                    "VALUES (?, ?, ?, ?, ?, ?)"),
      streams_(database),
      hours_(database),
      outbox_(database),
      records_(database),
      last_key_(epoch.key(0)) {}

bool Committer::commit(const Batch& batch, Time now) {
    auto keys = batch.delivered;
    keys.insert(keys.end(), early_.begin(), early_.end());
    DeliveredKeys delivered(std::move(keys));
    const auto last_key_before = last_key_;

    sqlite::Transaction transaction(database_);
    sort_out(batch, delivered, now);
    write_blocks(delivered);
    const auto unknown = outbox_.remove(delivered.unused());
    if (!transaction.commit()) {
        streams_.forget();
        hours_.rolled_back();
        outbox_.rolled_back();
        records_.rolled_back();
        last_key_ = last_key_before;
        return false;
    }
    outbox_.committed();
    keep_early(unknown);
    return true;
}

void Committer::sort_out(const Batch& batch, DeliveredKeys& delivered, Time now) {
    entries_.clear();
    for (const auto& row : batch.rows) {
        if (const auto* record = row.record()) {
            std::visit([this](const auto& of_its_kind) { records_.write(of_its_kind); }, *record);
            continue;
        }
        const auto& message = *row.message()->message;
        last_key_ = std::max(last_key_, message.key);
        if (const auto* frame = std::get_if<FramePtr>(&message.body)) {
            entries_.push_back({streams_.id_of(message, *frame), message.epoch_bits, message.key, message.seq,
                                frame->get()});
        } else if (!delivered.use(message.key)) {
            outbox_.add_text(message, now);
        }
    }
    std::ranges::stable_sort(entries_, {}, &BlockEntry::key);
}

void Committer::write_blocks(DeliveredKeys& delivered) {
    std::span<const BlockEntry> left = entries_;
    std::vector<BlockEntry> entries;
    while (!left.empty() && database_.ok()) {
        const auto size = next_block_size(left);
        entries.assign(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(size));
        write_block(entries, delivered);
        left = left.subspan(size);
    }
}

void Committer::write_block(std::vector<BlockEntry>& entries, DeliveredKeys& delivered) {
    const auto first_key = static_cast<std::int64_t>(entries.front().key);
    PendingBits bits;
    bool pending = false;
    for (const auto& entry : entries) {
        if (delivered.use(entry.key)) continue;
        bits.set(static_cast<std::int64_t>(entry.key) - first_key);
        pending = true;
    }
    const auto block = pack_block(entries);
    insert_block_.run(first_key, static_cast<std::int64_t>(block.head.last_key), to_ms(block.head.first_time),
                      to_ms(block.head.last_time), block.head.frames, block.body);
    if (!database_.ok() || database_.changes() == 0) return;
    if (pending) outbox_.add_block(block.head.first_key, bits);
    for (const auto& entry : entries) hours_.add(block.head, entry.frame->time);
    last_block_ = block.head.first_key;
}

void Committer::keep_early(std::span<const MessageKey> unknown) {
    early_.clear();
    for (const auto key : unknown) {
        if (key > last_key_ && early_.size() < early_limit) early_.push_back(key);
    }
}

}  // namespace sitepower
