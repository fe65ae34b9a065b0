#include "daemon/store/outbox_query.hpp"

#include <algorithm>
#include <utility>

namespace sitepower {

namespace {

std::int64_t number(MessageKey key) {
    return static_cast<std::int64_t>(key);
}

std::shared_ptr<const Message> make_message(const BlockView& view, const Stream& stream,
                                            const StoredFrame& stored) {
    auto message = std::make_shared<Message>();
    message->key = stored.key;
    message->epoch_bits = view.epoch_bits;
    message->seq = stored.seq;
    message->topic = stream.topic;
    message->expiry = stream.expiry;
    message->body = std::make_shared<const Frame>(
        Frame{stream.layout, stored.time, stored.clock_synchronised, stored.values, stored.quality});
    return message;
}

}  // namespace

OutboxBatch OutboxQuery::run() {
    read_frames();
    read_texts();
    auto& messages = batch_.messages;
    std::ranges::sort(messages, {}, [](const auto& message) { return message->key; });
    std::erase_if(messages, [this](const auto& message) { return message->key > complete_through_; });
    if (messages.size() > limit_) messages.resize(limit_);
    return std::move(batch_);
}

void OutboxQuery::read_frames() {
    const Slice slice;
    sqlite::Statement rows(
        connection_.database,
        "SELECT p.block, p.bits, b.body, b.last_key FROM pending p LEFT JOIN blocks b "
        "ON b.key = p.block WHERE p.block > ? AND coalesce(b.last_key, p.block) > ? ORDER BY p.block");
    for (bool more = rows.query(number(after_) - block_key_span_limit, number(after_)); more;
         more = rows.step()) {
        const MessageKey block{rows.integer(0)};
        read_block(block, PendingBits(rows.blob(1)), rows.blob(2));
        const bool found = !batch_.messages.empty() || !batch_.unreadable.empty();
        if (batch_.messages.size() >= limit_ || (slice.over() && found)) {
            complete_through_ = rows.null(3) ? block : MessageKey{rows.integer(3)};
            break;
        }
    }
}

void OutboxQuery::read_block(MessageKey block, const PendingBits& bits, std::span<const std::uint8_t> body) {
    PendingBits wanted = bits;
    for (auto key = number(block); key <= number(after_) && key - number(block) < block_key_span_limit;
         ++key) {
        wanted.clear(key - number(block));
    }
    if (wanted.count() == 0) return;
    if (const auto view = parse_block(block, body)) {
        for (const auto& section : view->sections) read_section(*view, section, block, wanted);
    }
    give_up(block, wanted);
}

// Takes from `wanted` what it finds.
void OutboxQuery::read_section(const BlockView& view, const BlockSection& section, MessageKey block,
                               PendingBits& wanted) {
    const auto* stream = connection_.streams.find(section.stream);
    if (stream == nullptr || !stream->layout) return;
    SectionReader frames(view, section, *stream->layout);
    StoredFrame stored;
    while (frames.next(stored)) {
        if (wanted.clear(number(stored.key) - number(block))) {
            batch_.messages.push_back(make_message(view, *stream, stored));
        }
    }
}

void OutboxQuery::give_up(MessageKey block, const PendingBits& bits) {
    if (bits.count() == 0) return;
    for (std::int64_t index = 0; index < block_key_span_limit; ++index) {
        if (bits.test(index)) batch_.unreadable.push_back(MessageKey{number(block) + index});
    }
    sqlite::Statement span(connection_.database,
                           "SELECT coalesce((SELECT first_ms FROM blocks WHERE key = ?1), "
                           "(SELECT last_ms FROM blocks WHERE key < ?1 ORDER BY key DESC LIMIT 1), "
                           "(SELECT first_ms FROM blocks WHERE key > ?1 ORDER BY key LIMIT 1)), "
                           "coalesce((SELECT last_ms FROM blocks WHERE key = ?1), "
                           "(SELECT first_ms FROM blocks WHERE key > ?1 ORDER BY key LIMIT 1), "
                           "(SELECT last_ms FROM blocks WHERE key < ?1 ORDER BY key DESC LIMIT 1))");
    if (!span.query(number(block)) || span.null(0) || span.null(1)) return;
    note_unreadable(from_ms(span.integer(0)), from_ms(span.integer(1)));
}

void OutboxQuery::note_unreadable(Time from, Time to) {
    const bool is_first = batch_.unreadable_to == Time{};
    batch_.unreadable_from = is_first ? from : std::min(batch_.unreadable_from, from);
    batch_.unreadable_to = std::max(batch_.unreadable_to, to);
}

void OutboxQuery::read_texts() {
    sqlite::Statement rows(connection_.database,
                           "SELECT key, epoch_bits, seq, kind, topic, retained, expiry_ms, body FROM texts "
                           "WHERE key > ? ORDER BY key LIMIT ?");
    for (bool more = rows.query(number(after_), limit_); more; more = rows.step()) {
        auto message = std::make_shared<Message>();
        message->key = MessageKey{rows.integer(0)};
        message->epoch_bits = static_cast<std::uint64_t>(rows.integer(1));
        message->seq = static_cast<std::uint64_t>(rows.integer(2));
        message->kind = static_cast<MessageKind>(rows.integer(3));
        message->topic = rows.text(4);
        message->retained = rows.integer(5) != 0;
        if (const auto expiry_ms = rows.optional_integer(6)) message->expiry = Duration{*expiry_ms};
        message->body = rows.text(7);
        batch_.messages.push_back(std::move(message));
    }
}

OutboxSummary summarise_outbox(sqlite::Database& database) {
    OutboxSummary summary{count_outbox(database), std::nullopt};
    const auto oldest_ms = database.integer(
        "SELECT min(t) FROM (SELECT stored_ms AS t FROM texts WHERE key = (SELECT min(key) FROM texts) "
        "UNION ALL SELECT first_ms FROM blocks WHERE key = (SELECT min(block) FROM pending))");
    if (summary.count > 0 && oldest_ms) summary.oldest = from_ms(*oldest_ms);
    return summary;
}

}  // namespace sitepower
