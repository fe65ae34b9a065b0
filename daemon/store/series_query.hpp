// Carries out a SeriesQuery in slices. Belongs to the thread that uses the Reader.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "daemon/store/frame_block.hpp"
#include "daemon/store/hour_index.hpp"
#include "daemon/store/interval_table.hpp"
#include "daemon/store/reader_connection.hpp"
#include "daemon/store/rollup.hpp"
#include "daemon/store/series.hpp"

namespace sitepower {

// The asked points that a stream has: position in the layout, position in the query.
using WantedPoints = std::vector<std::pair<std::size_t, std::size_t>>;

// Rows in the order of their times, at most the limit: the newest of those that were added.
class SeriesRows {
  public:
    SeriesRows(Time from, std::size_t limit) : begin_(from), limit_(limit) {}
    void add(SeriesRow row);
    // Rows before this time would not be taken.
    Time begin() const { return begin_; }
    bool cut_off() const { return cut_off_; }
    std::vector<SeriesRow> take();

  private:
    void cut(std::size_t most);
    std::vector<SeriesRow> rows_;
    Time begin_;
    std::size_t limit_;
    bool cut_off_ = false;
};

class SeriesRunner {
  public:
    SeriesRunner(Reader::Connection& connection, const SeriesQuery& query);
    // Works for one slice. True at the end, also after a failure of the connection.
    bool step();
    SeriesAnswer take();

  private:
    void find_streams();
    void choose_resolution();
    std::size_t expected_frames(Time from) const;
    void begin_rollups(std::string_view table, Duration length);
    bool step_raw();
    bool step_rollups();
    void take_block(MessageKey key, std::span<const std::uint8_t> body);
    void take_section(const BlockView& view, const BlockSection& section, const Layout& layout,
                      const WantedPoints& wanted);
    void take_rollup();

    Reader::Connection& connection_;
    const SeriesQuery& query_;
    std::map<StreamId, WantedPoints> streams_;
    SeriesResolution resolution_;
    SeriesRows rows_;
    std::int64_t first_block_ = 0;
    std::int64_t next_block_ = -1;  // downwards
    std::optional<IntervalWalk> walk_;
    Duration interval_length_{};
    std::optional<std::int64_t> open_interval_{};  // that of the newest frame
};

// The time of the oldest block that is kept.
std::optional<Time> first_frame_time(sqlite::Database& database);
// The time of the newest frame of the last block.
std::optional<Time> last_frame_time(sqlite::Database& database);
// When the oldest row of a table of intervals begins.
std::optional<Time> first_interval_time(sqlite::Database& database, std::string_view table, Duration length);

}  // namespace sitepower
