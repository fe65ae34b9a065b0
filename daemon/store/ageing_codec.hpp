// The ageing of a battery as bytes, part of its memory's body. Any thread.
#pragma once

#include "core/site/ageing_memory.hpp"
#include "daemon/store/bytes.hpp"

namespace sitepower {

void pack_ageing(const AgeingMemory& memory, ByteWriter& out);
// Fails the reader for what is no ageing; the values themselves are checked by whoever takes them over.
// `has_cycles`: not in what was packed before batteries were counted in cycles.
AgeingMemory unpack_ageing(ByteReader& in, bool has_cycles = true);

}  // namespace sitepower
