// What must hold for the parts of a profile that are not points: repeat groups, probes, mailboxes, commands,
// samples. Pure; called by check.cpp.
#pragma once

#include "drivers/profile/profile.hpp"
#include "drivers/schema/diagnostic.hpp"

namespace sitepower {

void check_group(const ProfileGroup& group, schema::Diagnostics& diagnostics);
void check_parts(const Profile& profile, schema::Diagnostics& diagnostics);

}  // namespace sitepower
