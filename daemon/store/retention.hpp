// Takes out of the database what has been kept long enough, what is beyond the limit of rows, and what there
// is no room for, in slices of a few hundred rows with a transaction each. The file does not shrink: freed
// pages are used again. Belongs to the writer's thread.
//
// Room is short at the limit of the settings, or when the disk is nearly full. When it is, what goes first:
// delivered frames older than a day, minutes and states of batteries older than 30 days, all delivered
// frames, all minutes and states, quarters, forecasts, steps of series; then undelivered readings, oldest
// first and reported; then undelivered states. Undelivered alerts and events stay. A disk that others have
// filled takes what leaves an eighth of the database free for what comes, and nothing that is undelivered.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.hpp"
#include "daemon/store/outbox.hpp"
#include "daemon/store/settings.hpp"
#include "daemon/store/sqlite.hpp"

namespace sitepower {

// Undelivered frames that were given up.
struct DroppedFrames {
    Time from{};
    Time to{};
    std::uint64_t frames = 0;
};

// How many bytes the database may use, by the settings and by what is left on its disk.
struct RoomOnDisk {
    std::uint64_t file_bytes = 0;       // of the database, now
    std::uint64_t available_bytes = 0;  // on its disk
    std::uint64_t capacity_bytes = 0;
};
std::uint64_t bytes_allowed(std::uint64_t max_bytes, const RoomOnDisk& room);
// True where giving up what is undelivered would help: at the limit of the settings, or on a disk that is
// full of this database more than of anything else.
bool undelivered_may_go(std::uint64_t used_bytes, std::uint64_t max_bytes, const RoomOnDisk& room);
// The state directory's disk as it is; a directory that cannot be asked has room.
RoomOnDisk room_on_disk(std::uint64_t file_bytes, const std::string& directory);

class Retention {
  public:
    using LookAtDisk = RoomOnDisk (*)(std::uint64_t file_bytes, const std::string& directory);
    Retention(sqlite::Database& database, Outbox& outbox, const StoreSettings& settings,
              LookAtDisk look_at_disk = room_on_disk);

    // Works for at most about 50 ms. `now` decides on ages; without it (no clock that could be trusted) only
    // the limit of rows and room do. False after a failure of the connection.
    bool run(std::optional<Time> now, std::chrono::steady_clock::time_point moment);
    // Undelivered frames given up since the last call.
    std::optional<DroppedFrames> take_dropped();
    std::uint64_t database_bytes() const { return database_bytes_; }

  private:
    struct BlockRow {
        std::int64_t key;
        Time first_time;
        Time last_time;
        bool pending;
    };
    // A walk through the blocks, over many slices, that looks for delivered ones.
    struct Walk {
        std::int64_t next = 0;
    };
    using Step = bool (Retention::*)(Time now);

    bool in_transaction(Step step, Time now);
    bool give_up_old(Time now);
    bool give_up_beyond_limit(Time now);
    bool give_up_for_room(Time now);
    bool delete_delivered(Walk& walk, Time before, Time now);
    bool delete_undelivered();
    bool delete_intervals(std::string_view table, Duration length, Time before);
    bool delete_records(std::string_view table, std::string_view condition, std::int64_t limit);
    bool delete_before_last(std::string_view table, std::size_t count);
    bool delete_beyond(std::string_view table, std::string_view condition, std::string_view order,
                       std::size_t count);
    // Of tables whose keys begin with a day; `low_bits` of the key lie below day and member.
    bool delete_days(std::string_view table, int low_bits, Time before);
    bool delete_hours();
    bool room_is_short();
    Time newest_frame();

    sqlite::Database& database_;
    Outbox& outbox_;
    const StoreSettings& settings_;
    const LookAtDisk look_at_disk_;
    sqlite::Statement blocks_;
    sqlite::Statement delete_block_;
    sqlite::Statement oldest_pending_;
    std::int64_t aged_minute_ = -1;  // the last minute in which nothing was left that is too old
    std::optional<std::chrono::steady_clock::time_point> counted_;  // when no table was beyond the limit
    Walk age_walk_;
    Walk room_walk_;
    std::uint64_t largest_outbox_ = 0;  // since age_walk_ began
    std::uint64_t outbox_at_walk_ = 0;  // size of the outbox when room_walk_ began
    std::uint64_t database_bytes_ = 0;
    bool undelivered_may_go_ = false;  // as room_is_short() saw it last
    std::optional<DroppedFrames> dropped_;
    std::optional<DroppedFrames> dropped_in_transaction_;
};

}  // namespace sitepower
