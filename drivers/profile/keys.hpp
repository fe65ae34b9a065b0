// The keys of a device profile: the one source of reading, checking, reference page and JSON Schema. Tables
// are built once, when the program starts to need them.
#pragma once

#include <string_view>
#include <vector>

#include "drivers/profile/profile.hpp"
#include "drivers/schema/table.hpp"

namespace sitepower {

const schema::Table<Profile>& profile_table();

// Parts of it, each used in several places.
namespace profile_keys {

inline constexpr schema::Range register_address{0, 65535};

extern const schema::Rule point_name;       // of something new
extern const schema::Rule point_reference;  // to something that exists
extern const schema::Rule other_name;       // an alias: as NUT and others write names

std::vector<schema::Choice<modbus::Table>> tables();
std::vector<schema::Choice<modbus::Order>> orders();
std::vector<schema::Choice<PointType>> point_types();
std::vector<schema::Choice<modbus::TextBytes>> text_bytes();

schema::Table<ProfilePoint> point_table();
schema::Table<ProfileDerived> derived_table();

}  // namespace profile_keys
}  // namespace sitepower
