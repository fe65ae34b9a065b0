#include "daemon/store/series_query.hpp"

#include <algorithm>
#include <set>
#include <string>

namespace sitepower {

namespace {

SeriesValue raw_value(std::size_t point, double value, Quality quality) {
    return {point, quality, value, value, value, value, quality == Quality::good ? 1U : 0U};
}

SeriesValue rollup_value(std::size_t point, const PointRollup& rollup) {
    if (rollup.count == 0) return {.point = point, .quality = Quality::stale};
    return {point, Quality::good, rollup.mean(), rollup.min, rollup.max, rollup.last, rollup.count};
}

WantedPoints wanted_points(const Layout& layout, const std::vector<SeriesPoint>& points) {
    WantedPoints wanted;
    for (std::size_t asked = 0; asked < points.size(); ++asked) {
        if (points[asked].device != layout.device) continue;
        const auto it = std::ranges::find(layout.points, points[asked].point, &LayoutPoint::name);
        if (it == layout.points.end()) continue;
        wanted.emplace_back(static_cast<std::size_t>(it - layout.points.begin()), asked);
    }
    return wanted;
}

}  // namespace

void SeriesRows::add(SeriesRow row) {
    if (row.time < begin_) return;
    if (!rows_.empty() && rows_.back().time == row.time) {
        auto& values = rows_.back().values;
        values.insert(values.end(), row.values.begin(), row.values.end());
        return;
    }
    rows_.push_back(std::move(row));
    if (rows_.size() >= 2 * limit_ + 1000) cut(limit_ + 1);
}

void SeriesRows::cut(std::size_t most) {
    std::ranges::stable_sort(rows_, {}, &SeriesRow::time);
    if (rows_.size() <= most) return;
    cut_off_ = true;
    rows_.erase(rows_.begin(), rows_.end() - static_cast<std::ptrdiff_t>(most));
    if (!rows_.empty()) begin_ = rows_.front().time;
}

std::vector<SeriesRow> SeriesRows::take() {
    cut(limit_);
    return std::move(rows_);
}

SeriesRunner::SeriesRunner(Reader::Connection& connection, const SeriesQuery& query)
    : connection_(connection), query_(query), resolution_(query.resolution), rows_(query.from, query.limit) {
    find_streams();
    if (resolution_ == SeriesResolution::automatic) choose_resolution();
    if (resolution_ == SeriesResolution::minute) begin_rollups("minutes", minute_length);
    if (resolution_ == SeriesResolution::quarter) begin_rollups("quarters", quarter_length);
    if (resolution_ == SeriesResolution::raw && !streams_.empty()) {
        const auto range = blocks_between(connection.database, query.from, query.to);
        first_block_ = range.first_key;
        next_block_ = range.last_key;
    }
}

void SeriesRunner::find_streams() {
    std::set<std::string> devices;
    for (const auto& point : query_.points) devices.insert(point.device);
    for (const auto& device : devices) {
        for (const auto* stream : connection_.streams.of_device(device)) {
            if (!stream->layout) continue;
            auto wanted = wanted_points(*stream->layout, query_.points);
            if (!wanted.empty()) streams_.emplace(stream->id, std::move(wanted));
        }
    }
}

void SeriesRunner::choose_resolution() {
    auto& database = connection_.database;
    const auto frames = first_frame_time(database);
    const auto minutes = first_interval_time(database, "minutes", minute_length);
    const auto quarters = first_interval_time(database, "quarters", quarter_length);
    const auto reaches_back = [&](const std::optional<Time>& first, const std::optional<Time>& coarser) {
        return !coarser || (first && *first <= std::max(query_.from, *coarser + 2 * quarter_length));
    };
    const auto from = std::max(query_.from, frames.value_or(query_.from));
    if (reaches_back(frames, minutes) && expected_frames(from) <= query_.limit) {
        resolution_ = SeriesResolution::raw;
    } else if (reaches_back(minutes, quarters) &&
               static_cast<std::size_t>((query_.to - std::max(query_.from, minutes.value_or(query_.from))) /
                                        minute_length) <= query_.limit) {
        resolution_ = SeriesResolution::minute;
    } else {
        resolution_ = SeriesResolution::quarter;
    }
}

std::size_t SeriesRunner::expected_frames(Time from) const {
    // Of the streams of one device and group only one is written at a time.
    std::map<std::pair<std::string, std::string>, Duration> periods;
    for (const auto& [id, wanted] : streams_) {
        const auto& layout = *connection_.streams.find(id)->layout;
        periods[{layout.device, layout.group}] = std::max(layout.period, Duration{1});
    }
    std::size_t frames = 0;
    for (const auto& [name, period] : periods) {
        frames += static_cast<std::size_t>(std::max(query_.to - from, Duration{0}) / period) + 1;
    }
    return frames;
}

void SeriesRunner::begin_rollups(std::string_view table, Duration length) {
    std::vector<std::int64_t> members;
    for (const auto& [id, wanted] : streams_) members.push_back(id);
    interval_length_ = length;
    const auto first = interval_of(query_.from + length - Duration{1}, length);
    // It is not over: a restart writes a quarter of what there is of it so far.
    if (const auto last = last_frame_time(connection_.database)) open_interval_ = interval_of(*last, length);
    walk_.emplace(connection_.database, table, std::move(members), first,
                  interval_of(query_.to + length - Duration{1}, length), Order::newest_first);
}

bool SeriesRunner::step() {
    return resolution_ == SeriesResolution::raw ? step_raw() : step_rollups();
}

bool SeriesRunner::step_raw() {
    const Slice slice;
    sqlite::Statement blocks(connection_.database,
                             "SELECT key, first_ms, last_ms, body FROM blocks WHERE key BETWEEN ? AND ? "
                             "ORDER BY key DESC");
    for (bool more = blocks.query(first_block_, next_block_); more; more = blocks.step()) {
        const auto key = blocks.integer(0);
        if (from_ms(blocks.integer(1)) < query_.to && from_ms(blocks.integer(2)) >= rows_.begin()) {
            take_block(MessageKey{key}, blocks.blob(3));
        }
        next_block_ = key - 1;
        if (slice.over()) return !connection_.database.ok();
    }
    return true;
}

void SeriesRunner::take_block(MessageKey key, std::span<const std::uint8_t> body) {
    const auto view = parse_block(key, body);
    if (!view) return;
    for (const auto& section : view->sections) {
        const auto it = streams_.find(section.stream);
        if (it == streams_.end()) continue;
        take_section(*view, section, *connection_.streams.find(section.stream)->layout, it->second);
    }
}

void SeriesRunner::take_section(const BlockView& view, const BlockSection& section, const Layout& layout,
                                const WantedPoints& wanted) {
    SectionReader frames(view, section, layout);
    StoredFrame frame;
    while (frames.next(frame)) {
        if (frame.time < rows_.begin() || frame.time >= query_.to) continue;
        SeriesRow row{frame.time, {}};
        for (const auto& [index, point] : wanted) {
            row.values.push_back(raw_value(point, frame.values[index], frame.quality[index]));
        }
        rows_.add(std::move(row));
    }
}

bool SeriesRunner::step_rollups() {
    const Slice slice;
    while (!walk_->at_end() && connection_.database.ok()) {
        if (start_of(walk_->interval(), interval_length_) < rows_.begin()) return true;
        if (walk_->step()) take_rollup();
        if (slice.over()) {
            walk_->pause();
            return !connection_.database.ok();
        }
    }
    return true;
}

void SeriesRunner::take_rollup() {
    const auto key = walk_->key();
    if (key.interval == open_interval_) return;
    const auto stream = static_cast<StreamId>(key.member);
    const auto start = start_of(key.interval, interval_length_);
    const auto rollup = unpack_rollup(walk_->body(), *connection_.streams.find(stream)->layout, start);
    if (!rollup) return;
    SeriesRow row{start, {}};
    for (const auto& [index, point] : streams_.at(stream)) {
        row.values.push_back(rollup_value(point, rollup->points[index]));
    }
    rows_.add(std::move(row));
}

SeriesAnswer SeriesRunner::take() {
    auto rows = rows_.take();
    return {resolution_, std::move(rows), rows_.cut_off()};
}

std::optional<Time> first_frame_time(sqlite::Database& database) {
    const auto ms = database.integer("SELECT first_ms FROM blocks ORDER BY key LIMIT 1");
    return ms ? std::optional(from_ms(*ms)) : std::nullopt;
}

std::optional<Time> last_frame_time(sqlite::Database& database) {
    const auto ms = database.integer("SELECT last_ms FROM blocks ORDER BY key DESC LIMIT 1");
    return ms ? std::optional(from_ms(*ms)) : std::nullopt;
}

std::optional<Time> first_interval_time(sqlite::Database& database, std::string_view table, Duration length) {
    const auto key = database.integer("SELECT min(key) FROM " + std::string(table));
    return key ? std::optional(start_of(IntervalKey::from(*key).interval, length)) : std::nullopt;
}

}  // namespace sitepower
