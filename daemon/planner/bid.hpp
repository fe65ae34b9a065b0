// What somebody told a class's power is worth: as it is told, and as it is kept over a restart. Pure.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "core/dispatch/auction/auction.hpp"
#include "daemon/operation/json.hpp"
#include "daemon/store/store.hpp"

namespace sitepower {

inline constexpr std::string_view bid_row_kind = "bid";
inline constexpr std::size_t most_segments = 100;
// As in the configuration.
inline constexpr double most_bid_kw = 1e6;
inline constexpr double most_value_per_kwh = 1000;
inline constexpr Duration longest_bid{std::chrono::hours{24 * 31}};

// Goes before the configuration until it runs out.
struct Bid {
    std::vector<dispatch::ValueSegment> segments;  // falling values
    Time valid_until{};
};

Json describe_segments(const std::vector<dispatch::ValueSegment>& segments);
// A list of objects with just the numbers value_per_kwh and kw, values falling; the error says what is wrong
// with it.
Result<std::vector<dispatch::ValueSegment>> read_segments(const InputJson& json);

PlanRow bid_row(const std::string& load_class, const Bid& bid, Time now);
// The newest bid of each class that has not run out; `rows`: newest first. What cannot be read is left out.
std::map<std::string, Bid> kept_bids(std::span<const PlanRow> rows, Time now);

}  // namespace sitepower
