// The states of one battery as they were told.
#pragma once

#include <string>
#include <vector>

#include "daemon/store/reader_connection.hpp"
#include "daemon/store/series.hpp"

namespace sitepower {

// Works in slices until `limit` states of [from, to) are found; the connection's failure ends it. Oldest
// first.
std::vector<ToldBatteryState> find_battery_states(Reader::Connection& connection, const std::string& battery,
                                                  Time from, Time to, std::size_t limit, Keep keep);

}  // namespace sitepower
