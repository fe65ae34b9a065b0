#include "daemon/store/retention.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <utility>

#include "daemon/store/forecast_tables.hpp"
#include "daemon/store/interval_table.hpp"

namespace sitepower {

namespace {

constexpr auto slice = std::chrono::milliseconds(50);
constexpr int blocks_per_step = 64;
constexpr int heads_per_step = 512;
constexpr int rows_per_step = 1000;
constexpr auto count_interval = std::chrono::minutes(1);
// Kept free for the write-ahead log and what else grows beside the database.
constexpr std::uint64_t reserve_bytes = 16ULL << 20;
// A block from further ahead than this was written under a wrong clock: it does not hold up the others.
constexpr Duration future{std::chrono::days(1)};
// A price is a row of some 40 bytes, and each series has up to a hundred a day.
constexpr std::size_t prices_per_record = 10;
constexpr Duration month{std::chrono::days(30)};

std::uint64_t allowed_by_settings(std::uint64_t max_bytes) {
    return max_bytes - std::min(reserve_bytes, max_bytes / 8);
}

}  // namespace

RoomOnDisk room_on_disk(std::uint64_t file_bytes, const std::string& directory) {
    std::error_code error;
    const auto space = std::filesystem::space(directory, error);
    if (error) return {file_bytes, UINT64_MAX / 2, UINT64_MAX / 2};
    return {file_bytes, space.available, space.capacity};
}

std::uint64_t bytes_allowed(std::uint64_t max_bytes, const RoomOnDisk& room) {
    const auto reserve = std::min({reserve_bytes, room.capacity_bytes / 8, room.file_bytes / 8});
    return std::min(allowed_by_settings(max_bytes), room.file_bytes + room.available_bytes - reserve);
}

bool undelivered_may_go(std::uint64_t used_bytes, std::uint64_t max_bytes, const RoomOnDisk& room) {
    return used_bytes > allowed_by_settings(max_bytes) || room.file_bytes > room.capacity_bytes / 2;
}

Retention::Retention(sqlite::Database& database, Outbox& outbox, const StoreSettings& settings,
                     LookAtDisk look_at_disk)
    : database_(database),
      outbox_(outbox),
      settings_(settings),
      look_at_disk_(look_at_disk),
      blocks_(database,
              "SELECT key, first_ms, last_ms, EXISTS (SELECT 1 FROM pending WHERE block = key) FROM blocks "
              "WHERE key >= ? ORDER BY key LIMIT ?"),
      delete_block_(database, "DELETE FROM blocks WHERE key = ?"),
      oldest_pending_(database,
                      "SELECT block, first_ms, last_ms FROM pending LEFT JOIN blocks ON key = block "
                      "ORDER BY block LIMIT ?") {}

bool Retention::run(std::optional<Time> now, std::chrono::steady_clock::time_point moment) {
    const auto end = std::chrono::steady_clock::now() + slice;
    bool more = now && interval_of(*now, minute_length) != aged_minute_;
    while (more && std::chrono::steady_clock::now() < end) {
        more = in_transaction(&Retention::give_up_old, *now);
        if (!more) aged_minute_ = interval_of(*now, minute_length);
    }
    more = !counted_ || moment - *counted_ >= count_interval;
    while (more && std::chrono::steady_clock::now() < end) {
        more = in_transaction(&Retention::give_up_beyond_limit, Time{});
        if (!more) counted_ = moment;
    }
    more = room_is_short();
    while (more && std::chrono::steady_clock::now() < end) {
        more = in_transaction(&Retention::give_up_for_room, now.value_or(newest_frame())) && room_is_short();
    }
    return database_.ok();
}

// One step; true when it has done something, so that there may be more.
bool Retention::in_transaction(Step step, Time now) {
    dropped_in_transaction_.reset();
    sqlite::Transaction transaction(database_);
    const bool more = (this->*step)(now);
    if (!transaction.commit()) {
        outbox_.rolled_back();
        return false;
    }
    outbox_.committed();
    if (const auto& d = dropped_in_transaction_) {
        if (!dropped_) dropped_ = DroppedFrames{d->from, d->to, 0};
        dropped_ = {std::min(dropped_->from, d->from), std::max(dropped_->to, d->to),
                    dropped_->frames + d->frames};
    }
    return more;
}

bool Retention::give_up_old(Time now) {
    // What has been delivered meanwhile lies behind the walk.
    if (2 * outbox_.count() < largest_outbox_) {
        age_walk_ = {};
        largest_outbox_ = 0;
    }
    largest_outbox_ = std::max(largest_outbox_, outbox_.count());
    bool more = delete_delivered(age_walk_, now - settings_.keep_frames, now);
    more |= delete_hours();
    more |= delete_intervals("minutes", minute_length, now - settings_.keep_minutes);
    more |= delete_intervals("battery_states", minute_length, now - settings_.keep_minutes);
    more |= delete_intervals("quarters", quarter_length, now - settings_.keep_quarters);
    more |= delete_records("alerts", "resolved_ms < {}", to_ms(now - settings_.keep_quarters));
    more |= delete_records("windows", "ended = 1 AND to_ms < {}", to_ms(now - settings_.keep_quarters));
    more |= delete_records("plans", "time_ms < {}", to_ms(now - settings_.keep_minutes));
    more |= delete_records("prices", "to_ms < {}", to_ms(now - settings_.keep_quarters));
    more |= delete_records("audit", "time_ms < {}", to_ms(now - settings_.keep_quarters));
    const Time series_from = now - settings_.keep_series;
    more |= delete_days("series_steps", step_key_bits, series_from);
    more |= delete_days("series_forecasts", matched_key_bits, series_from);
    more |= delete_records("series_states", "saved_ms < {}", to_ms(series_from));
    more |= delete_records("known_events", "end_ms < {}", to_ms(series_from));
    more |= delete_records("jobs", "ended_ms < {}", to_ms(series_from));
    return more;
}

bool Retention::give_up_beyond_limit(Time /*now*/) {
    const auto records = settings_.keep_records;
    bool more = delete_beyond("alerts", "resolved_ms IS NOT NULL", "resolved_ms", records);
    more |= delete_beyond("windows", "ended = 1", "to_ms", records);
    more |= delete_beyond("jobs", "ended_ms IS NOT NULL", "ended_ms", records);
    more |= delete_before_last("plans", records);
    more |= delete_before_last("prices", prices_per_record * records);
    more |= delete_before_last("audit", records);
    return more;
}

bool Retention::give_up_for_room(Time now) {
    // What has been delivered meanwhile lies behind the walk.
    if (outbox_.count() < outbox_at_walk_ / 2) room_walk_ = {};
    if (room_walk_.next == 0) outbox_at_walk_ = outbox_.count();
    const auto start = room_walk_;
    if (delete_delivered(room_walk_, now - one_day, now)) return true;
    if (delete_intervals("minutes", minute_length, now - month)) return true;
    if (delete_intervals("battery_states", minute_length, now - month)) return true;
    room_walk_ = start;
    if (delete_delivered(room_walk_, Time::max(), now)) return true;
    if (delete_intervals("minutes", minute_length, now + future)) return true;
    if (delete_intervals("battery_states", minute_length, now + future)) return true;
    if (delete_intervals("quarters", quarter_length, now + future)) return true;
    if (delete_days("series_forecasts", matched_key_bits, now + future)) return true;
    if (delete_days("series_steps", step_key_bits, now + future)) return true;
    if (!undelivered_may_go_) return false;
    return delete_undelivered() || outbox_.drop_oldest_states(rows_per_step) > 0;
}

// True when blocks were deleted, or there are more to look at.
bool Retention::delete_delivered(Walk& walk, Time before, Time now) {
    std::vector<BlockRow> rows;
    for (bool more = blocks_.query(walk.next, heads_per_step); more; more = blocks_.step()) {
        rows.push_back({blocks_.integer(0), from_ms(blocks_.integer(1)), from_ms(blocks_.integer(2)),
                        blocks_.integer(3) != 0});
    }
    blocks_.finish();
    int deleted = 0;
    for (const auto& row : rows) {
        const bool wrong_clock = row.first_time > now + future && before < Time::max();
        if (row.last_time >= before && !wrong_clock) return deleted > 0;
        if (!row.pending && !wrong_clock) {
            delete_block_.run(row.key);
            ++deleted;
        }
        walk.next = row.key + 1;
        if (deleted == blocks_per_step) return true;
    }
    return rows.size() == heads_per_step;
}

bool Retention::delete_undelivered() {
    std::vector<BlockRow> rows;
    for (bool more = oldest_pending_.query(blocks_per_step); more; more = oldest_pending_.step()) {
        rows.push_back({oldest_pending_.integer(0), from_ms(oldest_pending_.integer(1)),
                        from_ms(oldest_pending_.integer(2)), true});
    }
    oldest_pending_.finish();
    for (const auto& row : rows) {
        const auto frames = outbox_.drop_block(MessageKey{row.key});
        delete_block_.run(row.key);
        auto& dropped = dropped_in_transaction_;
        if (!dropped) dropped = DroppedFrames{row.first_time, row.last_time, 0};
        dropped = {std::min(dropped->from, row.first_time), std::max(dropped->to, row.last_time),
                   dropped->frames + frames};
    }
    return !rows.empty();
}

bool Retention::delete_intervals(std::string_view table, Duration length, Time before) {
    sqlite::Statement rows(database_,
                           fmt::format("DELETE FROM {0} WHERE key <= (SELECT max(key) FROM (SELECT key "
                                       "FROM {0} WHERE key < ? ORDER BY key LIMIT {1}))",
                                       table, rows_per_step));
    return rows.run(IntervalKey{interval_of(before, length), 0}.number()) && database_.changes() > 0;
}

bool Retention::delete_days(std::string_view table, int low_bits, Time before) {
    sqlite::Statement rows(database_,
                           fmt::format("DELETE FROM {0} WHERE key <= (SELECT max(key) FROM (SELECT key "
                                       "FROM {0} WHERE key < ? ORDER BY key LIMIT {1}))",
                                       table, rows_per_step));
    const IntervalKey first{interval_of(before, one_day), 0};
    return rows.run(first.number() << low_bits) && database_.changes() > 0;
}

bool Retention::delete_records(std::string_view table, std::string_view condition, std::int64_t limit) {
    sqlite::Statement rows(
        database_, fmt::format("DELETE FROM {0} WHERE id IN (SELECT id FROM {0} WHERE {1} LIMIT {2})", table,
                               fmt::format(fmt::runtime(condition), limit), rows_per_step));
    return rows.run() && database_.changes() > 0;
}

// Rows are numbered as they come.
bool Retention::delete_before_last(std::string_view table, std::size_t count) {
    const auto condition = fmt::format("id <= (SELECT max(id) FROM {}) - {{}}", table);
    return delete_records(table, condition, static_cast<std::int64_t>(count));
}

bool Retention::delete_beyond(std::string_view table, std::string_view condition, std::string_view order,
                              std::size_t count) {
    sqlite::Statement rows(database_,
                           fmt::format("DELETE FROM {0} WHERE id IN (SELECT id FROM {0} WHERE {1} ORDER BY "
                                       "{2} DESC LIMIT {3} OFFSET {4})",
                                       table, condition, order, rows_per_step, count));
    return rows.run() && database_.changes() > 0;
}

bool Retention::delete_hours() {
    sqlite::Statement rows(database_, "DELETE FROM hours WHERE last_key < (SELECT min(key) FROM blocks)");
    return rows.run() && database_.changes() > 0;
}

bool Retention::room_is_short() {
    const auto page_bytes = database_.integer("PRAGMA page_size").value_or(0);
    const auto pages = database_.integer("PRAGMA page_count").value_or(0);
    const auto free_pages = database_.integer("PRAGMA freelist_count").value_or(0);
    database_bytes_ = static_cast<std::uint64_t>(pages * page_bytes);
    const auto used = static_cast<std::uint64_t>((pages - free_pages) * page_bytes);
    const auto room = look_at_disk_(database_bytes_, settings_.directory);
    undelivered_may_go_ = undelivered_may_go(used, settings_.max_bytes, room);
    return used > bytes_allowed(settings_.max_bytes, room);
}

Time Retention::newest_frame() {
    return from_ms(database_.integer("SELECT last_ms FROM blocks ORDER BY key DESC LIMIT 1").value_or(0));
}

std::optional<DroppedFrames> Retention::take_dropped() {
    return std::exchange(dropped_, std::nullopt);
}

}  // namespace sitepower
