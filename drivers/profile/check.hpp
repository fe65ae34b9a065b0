// What a profile must satisfy beyond the shape of its keys: points that can exist, do not overlap, fit into a
// request and have names of their own. Pure; called by the loader.
#pragma once

#include "drivers/profile/profile.hpp"
#include "drivers/schema/diagnostic.hpp"

namespace sitepower {

// Most points that one profile may expand to; a mistyped count is refused before it fills the memory.
inline constexpr int max_profile_points = 20'000;

// Registers, coils or inputs of one table.
inline constexpr int table_size = 65'536;

// Adds every error. In two stages, because the second (duplicates, overlaps) needs points that can be placed:
// it runs only when the first found nothing.
void check_profile(const Profile& profile, schema::Diagnostics& diagnostics);

}  // namespace sitepower
