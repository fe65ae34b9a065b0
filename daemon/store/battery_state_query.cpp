#include "daemon/store/battery_state_query.hpp"

#include <algorithm>

#include "daemon/store/interval_table.hpp"
#include "daemon/store/records.hpp"

namespace sitepower {

namespace {

class WordReader {
  public:
    explicit WordReader(sqlite::Database& database)
        : word_(database, "SELECT word FROM words WHERE id = ?"),
          id_(database, "SELECT id FROM words WHERE word = ?") {}

    std::string word(std::int64_t id) {
        auto text = word_.query(id) ? word_.text(0) : std::string();
        word_.finish();
        return text;
    }
    std::optional<std::int64_t> id(const std::string& word) {
        auto id = id_.query(word) ? std::optional(id_.integer(0)) : std::nullopt;
        id_.finish();
        return id;
    }

  private:
    sqlite::Statement word_;
    sqlite::Statement id_;
};

ToldEstimate told(const StoredEstimate& stored, WordReader& words) {
    return {stored.value, stored.sigma, stored.status, words.word(stored.reason), stored.as_of};
}

ToldBatteryState told(const StoredBatteryState& stored, WordReader& words) {
    return {stored.time,
            stored.status,
            words.word(stored.status_reason),
            told(stored.soc_pct, words),
            told(stored.soh_pct, words),
            told(stored.rul_days, words),
            told(stored.resistance_ratio, words),
            stored.rul_interval};
}

}  // namespace

std::vector<ToldBatteryState> find_battery_states(Reader::Connection& connection, const std::string& battery,
                                                  Time from, Time to, std::size_t limit, Keep keep) {
    std::vector<ToldBatteryState> states;
    WordReader words(connection.database);
    const auto member = words.id(battery);
    if (!member) return states;
    IntervalWalk walk(connection.database, "battery_states", {*member}, interval_of(from, minute_length),
                      interval_of(to, minute_length) + 1,
                      keep == Keep::oldest ? Order::oldest_first : Order::newest_first);
    Slice slice;
    while (!walk.at_end() && states.size() < limit && connection.database.ok()) {
        if (walk.step()) {
            const auto state = unpack_battery_state(walk.body());
            if (state && state->time >= from && state->time < to) states.push_back(told(*state, words));
        }
        if (slice.over()) {
            walk.pause();
            slice = Slice();
        }
    }
    if (keep == Keep::newest) std::ranges::reverse(states);
    return states;
}

}  // namespace sitepower
