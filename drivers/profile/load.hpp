// Reads and checks device profiles. Start-up, reload and `check` only; one thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "drivers/profile/keys.hpp"
#include "drivers/profile/profile.hpp"
#include "drivers/schema/diagnostic.hpp"

namespace sitepower {

// Reads, checks and runs the samples. nullopt after any error; all errors are in `diagnostics`, with file,
// line and key.
std::optional<Profile> load_profile(const std::string& path, schema::Diagnostics& diagnostics);

// The same for a text; `file` is the name used in messages.
std::optional<Profile> parse_profile(std::string_view text, std::string_view file,
                                     schema::Diagnostics& diagnostics);

// An error where the id is not `name`, the name of the profile's file without ".toml".
void check_profile_name(const Profile& profile, std::string_view name, schema::Diagnostics& diagnostics);

}  // namespace sitepower
