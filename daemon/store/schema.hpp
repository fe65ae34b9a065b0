// The schema of the database, as numbered migrations: user_version says how many have been applied. A
// migration that has been released is never changed; a new one is appended.
//
// What is where (all keys are INTEGER PRIMARY KEYs that grow, so that writing appends to the last page; there
// is no secondary index on anything that is written with every commit):
//   epochs          one row per start of the daemon
//   streams         one row per distinct layout and topic of readings; blocks refer to them
//   blocks          the frames of one commit (frame_block.hpp), key = key of its first frame
//   hours           hour since 1970 -> range of block keys that may hold frames of that hour. How a time
//   range
//                   finds its blocks: the range is generous and written a few times an hour, the blocks' own
//                   first_ms and last_ms decide
//   pending         the outbox of readings: per block a bitmap of its undelivered frames, by key - block. No
//                   row: all delivered. A frame acknowledged before its commit never has its bit set
//   texts           the outbox of all other messages; a row exists until delivered
//   minutes, quarters   roll-ups, one row per interval and stream (interval_table.hpp)
//   rollup_state    which frames are in them already (rollup_writer.hpp)
//   words           texts that are repeated a lot, by number: battery ids, reasons
//   battery_states  one row per minute and battery: the last state told in that minute
//   prices          one row per step of a price series, as it became known: the later id counts
//   plans           plans that were in force, in brief
//   alerts, windows, memories, audit   small and precious (precious_copy.hpp)
#pragma once

#include <string_view>

#include "core/base/result.hpp"
#include "daemon/store/sqlite.hpp"

namespace sitepower {

// The schema this program writes.
int schema_version();

// Brings an open database, fresh or older, to schema_version(). Error `conflict` for a newer one; other
// errors are the connection's failure.
Status migrate(sqlite::Database& database);

// The Error for a connection that has failed: names the file and the cause.
Error error_of(const sqlite::Failure& failure, std::string_view path);

}  // namespace sitepower
