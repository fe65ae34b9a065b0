// What must hold for each point of a profile by itself, in the group (or outside) where it stands: it can
// exist, fits into a request, and its keys belong to its type. Pure; called by check.cpp.
#pragma once

#include "drivers/profile/profile.hpp"
#include "drivers/schema/diagnostic.hpp"

namespace sitepower {

// group: nullptr outside of groups. Adds every error.
void check_point(const Profile& profile, const ProfileGroup* group, const ProfilePoint& point,
                 schema::Diagnostics& diagnostics);

// The same for a value that is worked out, without its operands.
void check_derived(const Profile& profile, const ProfileDerived& derived, schema::Diagnostics& diagnostics);

// A scale beyond makes nothing that a double tells apart from 0 or from infinity.
bool is_scale(double scale);
constexpr const char* scale_words = "expected a number other than 0, of 1e-30 to 1e30 in size";

// "fast, slow".
std::string poll_names(const Profile& profile);

}  // namespace sitepower
