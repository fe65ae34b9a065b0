// The stored frames as they came, for who lives through them again. Belongs to the thread that uses the
// Reader.
#pragma once

#include "daemon/store/reader_connection.hpp"

namespace sitepower {

// Of the next block behind `after` that holds frames of [from, to).
FramePage find_frames(Reader::Connection& connection, MessageKey after, Time from, Time to);

}  // namespace sitepower
