#include "daemon/store/rollup_writer.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sitepower {

namespace {

// Frames reach the store in nearly the order of their times; those of slower answers come a little later.
constexpr Duration grace{2000};
// Frames with wild times open many intervals at once: rather written early than kept.
constexpr std::size_t open_limit = 500'000;

std::uint64_t count_of(const Rollup& rollup) {
    std::uint64_t count = 0;
    for (const auto& point : rollup.points) count += point.count;
    return count;
}

}  // namespace

RollupWriter::RollupWriter(sqlite::Database& database)
    : database_(database),
      streams_(database),
      find_minute_(database, "SELECT body FROM minutes WHERE key = ?"),
      minutes_between_(database, "SELECT key, body FROM minutes WHERE key >= ? AND key < ?"),
      replace_minute_(database, "INSERT OR REPLACE INTO minutes (key, body) VALUES (?, ?)"),
      find_quarter_(database, "SELECT body FROM quarters WHERE key = ?"),
      replace_quarter_(database, "INSERT OR REPLACE INTO quarters (key, body) VALUES (?, ?)"),
      replace_state_(database,
                     "INSERT OR REPLACE INTO rollup_state (id, from_key, through_key, boundary_ms) "
                     "VALUES (1, ?, ?, ?)") {
    restore();
}

void RollupWriter::restore() {
    std::int64_t from = 0;
    std::int64_t through = 0;
    sqlite::Statement state(database_, "SELECT from_key, through_key, boundary_ms FROM rollup_state");
    if (state.query()) {
        from = state.integer(0);
        through = state.integer(1);
        boundary_ = from_ms(state.integer(2));
        dirty_quarters_.insert(interval_of(boundary_, quarter_length));
    }
    last_block_ = through;
    sqlite::Statement blocks(database_, "SELECT key, body FROM blocks WHERE key >= ? ORDER BY key");
    for (bool more = blocks.query(from); more; more = blocks.step()) {
        const auto key = blocks.integer(0);
        add_block(key, blocks.blob(1), key <= through ? boundary_ : Time::min());
        last_block_ = std::max(last_block_, key);
    }
}

void RollupWriter::add_block(std::int64_t block, std::span<const std::uint8_t> body, Time not_before) {
    const auto view = parse_block(MessageKey{block}, body);
    if (!view) return;
    StoredFrame frame;
    for (const auto& section : view->sections) {
        const auto* stream = streams_.find(section.stream);
        if (stream == nullptr || !stream->layout) continue;
        SectionReader frames(*view, section, *stream->layout);
        while (frames.next(frame)) {
            if (frame.time < not_before) continue;
            add_frame(section.stream, stream->layout, block, frame.time, frame.values, frame.quality);
        }
    }
}

void RollupWriter::add(std::span<const BlockEntry> entries, MessageKey last_block) {
    if (entries.empty()) return;
    latest_ = Time::min();
    for (const auto& entry : entries) {
        const auto& frame = *entry.frame;
        add_frame(entry.stream, frame.layout, last_block_ + 1, frame.time, frame.values, frame.quality);
        latest_ = std::max(latest_, frame.time);
    }
    last_block_ = std::max(last_block_, static_cast<std::int64_t>(last_block));
}

void RollupWriter::add_frame(StreamId stream, const std::shared_ptr<const Layout>& layout, std::int64_t block,
                             Time time, std::span<const double> values, std::span<const Quality> quality) {
    const auto key = IntervalKey{interval_of(time, minute_length), stream}.number();
    auto it = open_.find(key);
    if (it == open_.end()) {
        it = open_.emplace(key, Open{layout, Rollup(layout->points.size()), block}).first;
    }
    it->second.rollup.add(time, values, quality);
}

bool RollupWriter::write_when_due() {
    if (open_.empty()) return true;
    const auto boundary = start_of(interval_of(latest_ - grace, minute_length), minute_length);
    if (boundary == boundary_ && open_.size() < open_limit) return true;
    // After a step backwards everything is written, and what comes is merged into it.
    if (boundary < boundary_ || open_.size() >= open_limit) return write(boundary, open_.end());
    return write(boundary, open_.lower_bound(IntervalKey{interval_of(boundary, minute_length), 0}.number()));
}

bool RollupWriter::write(Time boundary, OpenRollups::iterator end) {
    const bool all = end == open_.end();
    auto dirty = dirty_quarters_;
    sqlite::Transaction transaction(database_);
    for (auto it = open_.begin(); it != end; ++it) {
        write_minute(it->first, it->second);
        dirty.insert(
            interval_of(start_of(IntervalKey::from(it->first).interval, minute_length), quarter_length));
    }
    for (auto it = dirty.begin(); it != dirty.end();) {
        const bool over = start_of(*it + 1, quarter_length) <= boundary;
        if (over || all) write_quarter(*it);
        it = over || all ? dirty.erase(it) : std::next(it);
    }
    write_state(boundary, end);
    if (!transaction.commit()) return false;
    open_.erase(open_.begin(), end);
    dirty_quarters_ = std::move(dirty);
    boundary_ = boundary;
    return true;
}

void RollupWriter::write_minute(std::int64_t key, const Open& open) {
    const auto start = start_of(IntervalKey::from(key).interval, minute_length);
    std::optional<Rollup> before;
    if (find_minute_.query(key)) before = unpack_rollup(find_minute_.blob(0), *open.layout, start);
    find_minute_.finish();
    if (before) {
        before->merge(open.rollup);
        replace_minute_.run(key, pack_rollup(*before, *open.layout, start));
    } else {
        replace_minute_.run(key, pack_rollup(open.rollup, *open.layout, start));
    }
}

void RollupWriter::write_quarter(std::int64_t quarter) {
    constexpr auto minutes = quarter_length / minute_length;
    std::map<StreamId, Rollup> rollups;
    for (bool more = minutes_between_.query(IntervalKey{quarter * minutes, 0}.number(),
                                            IntervalKey{(quarter + 1) * minutes, 0}.number());
         more; more = minutes_between_.step()) {
        const auto key = IntervalKey::from(minutes_between_.integer(0));
        const auto* stream = streams_.find(static_cast<StreamId>(key.member));
        if (stream == nullptr || !stream->layout) continue;
        const auto rollup =
            unpack_rollup(minutes_between_.blob(1), *stream->layout, start_of(key.interval, minute_length));
        if (!rollup) continue;
        rollups.try_emplace(stream->id, stream->layout->points.size()).first->second.merge(*rollup);
    }
    minutes_between_.finish();
    for (const auto& [id, rollup] : rollups) {
        replace_quarter({quarter, id}, *streams_.find(id)->layout, rollup);
    }
}

void RollupWriter::replace_quarter(IntervalKey key, const Layout& layout, const Rollup& rollup) {
    const auto start = start_of(key.interval, quarter_length);
    std::optional<Rollup> before;
    if (find_quarter_.query(key.number())) before = unpack_rollup(find_quarter_.blob(0), layout, start);
    find_quarter_.finish();
    // It knows more than its minutes when retention has taken some of them.
    if (before && count_of(*before) > count_of(rollup)) return;
    replace_quarter_.run(key.number(), pack_rollup(rollup, layout, start));
}

void RollupWriter::write_state(Time boundary, OpenRollups::iterator end) {
    auto from = last_block_ + 1;
    for (auto it = end; it != open_.end(); ++it) from = std::min(from, it->second.first_block);
    replace_state_.run(from, last_block_, to_ms(boundary));
}

}  // namespace sitepower
