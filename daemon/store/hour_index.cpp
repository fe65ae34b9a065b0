#include "daemon/store/hour_index.hpp"

#include "daemon/store/interval_table.hpp"

namespace sitepower {

namespace {
// How many blocks like this one the range reaches ahead: readers look at that many heads in vain at most.
constexpr std::int64_t blocks_ahead = 64;
constexpr std::size_t reserved_limit = 256;
constexpr auto hour_length = std::chrono::hours(1);
}  // namespace

HourIndex::HourIndex(sqlite::Database& database)
    : upsert_(
          database,
          "INSERT INTO hours (hour, first_key, last_key) VALUES (?, ?, ?) ON CONFLICT (hour) DO UPDATE SET "
          "first_key = min(first_key, excluded.first_key), last_key = max(last_key, excluded.last_key)") {}

void HourIndex::add(const BlockHead& block, Time time) {
    const auto hour = interval_of(time, hour_length);
    const auto first_key = static_cast<std::int64_t>(block.first_key);
    const auto last_key = static_cast<std::int64_t>(block.last_key);
    const auto it = reserved_.find(hour);
    if (it != reserved_.end() && it->second.first_key <= first_key && first_key <= it->second.last_key)
        return;
    const auto ahead = last_key + (last_key - first_key + 1) * blocks_ahead;
    upsert_.run(hour, first_key, ahead);
    if (reserved_.size() >= reserved_limit) reserved_.clear();
    reserved_[hour] = {first_key, ahead};
}

BlockRange blocks_between(sqlite::Database& database, Time from, Time to) {
    sqlite::Statement range(database,
                            "SELECT min(first_key), max(last_key) FROM hours WHERE hour BETWEEN ? AND ?");
    if (!range.query(interval_of(from, hour_length), interval_of(to, hour_length)) || range.null(0))
        return {};
    return {range.integer(0), range.integer(1)};
}

}  // namespace sitepower
