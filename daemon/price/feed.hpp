// One look at a price feed: a file is read, an address asked. Waits for disks and networks, so on the thread
// for prices only; nothing else of the daemon depends on it coming back.
#pragma once

#include <atomic>
#include <vector>

#include "core/base/result.hpp"
#include "core/price/series.hpp"
#include "daemon/price/settings.hpp"

namespace sitepower {

inline constexpr std::size_t longest_price_file = 16U << 20U;  // bytes
inline constexpr std::size_t longest_price_reply = 4U << 20U;

// Of a file or an address. A connection must stand within 10 s and all be over within 30 s; `stop` ends it
// within about a second. The error names the file or the address, without the key, and what is wrong.
Result<std::vector<PriceStep>> read_feed(const PriceSettings& settings, Time now,
                                         const std::atomic<bool>& stop);

}  // namespace sitepower
