// Keeps the roll-ups of minutes and quarters of an hour up to date as frames are committed. A minute's rows
// are written once it is over, by a transaction of their own; a frame that comes later is merged into them.
// Belongs to the writer's thread.
//
// What is in the table already is said by the row of rollup_state, written in the same transaction: of the
// blocks up to `through`, exactly the frames before `boundary` are in; of later blocks none. What is not in
// can only be in blocks from `from` on: they are read again at the start, so that a restart neither loses nor
// doubles anything. A quarter is always made anew from the rows of its minutes.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>

#include "daemon/store/frame_block.hpp"
#include "daemon/store/interval_table.hpp"
#include "daemon/store/rollup.hpp"
#include "daemon/store/sqlite.hpp"
#include "daemon/store/streams.hpp"

namespace sitepower {

class RollupWriter {
  public:
    // Reads back what the last run had not written yet.
    explicit RollupWriter(sqlite::Database& database);

    // Frames that have just been committed, the last of them in `last_block`.
    void add(std::span<const BlockEntry> entries, MessageKey last_block);
    // Writes the minutes that are over. False after a failure of the connection: nothing has changed, and the
    // next call tries again.
    bool write_when_due();

  private:
    struct Open {
        std::shared_ptr<const Layout> layout;
        Rollup rollup;
        std::int64_t first_block = 0;
    };
    // By the number of their IntervalKey: in the order in which rows are written.
    using OpenRollups = std::map<std::int64_t, Open>;

    void restore();
    void add_block(std::int64_t block, std::span<const std::uint8_t> body, Time not_before);
    void add_frame(StreamId stream, const std::shared_ptr<const Layout>& layout, std::int64_t block,
                   Time time, std::span<const double> values, std::span<const Quality> quality);
    bool write(Time boundary, OpenRollups::iterator end);
    void write_minute(std::int64_t key, const Open& open);
    void write_quarter(std::int64_t quarter);
    void replace_quarter(IntervalKey key, const Layout& layout, const Rollup& rollup);
    void write_state(Time boundary, OpenRollups::iterator end);

    sqlite::Database& database_;
    StreamCatalog streams_;
    sqlite::Statement find_minute_;
    sqlite::Statement minutes_between_;
    sqlite::Statement replace_minute_;
    sqlite::Statement find_quarter_;
    sqlite::Statement replace_quarter_;
    sqlite::Statement replace_state_;
    OpenRollups open_;
    std::set<std::int64_t> dirty_quarters_;  // with minutes that are newer than the quarter's rows
    Time boundary_{};
    Time latest_{};  // of the last frames committed
    std::int64_t last_block_ = 0;
};

}  // namespace sitepower
