// What a series is. A value; any thread.
#pragma once

#include <cstdint>

namespace sitepower::forecast {

enum class SeriesKind : std::uint8_t { consumption, price, service };

}  // namespace sitepower::forecast
