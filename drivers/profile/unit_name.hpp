// The unit that a point's name promises: names end with their unit, and who reads `output.load_kw` counts on
// kilowatts whatever the profile's `unit` says. Pure; called by check_point.cpp.
#pragma once

#include <optional>
#include <string_view>

namespace sitepower {

// "kW" for "output.load_kw"; nullopt when the name ends with no unit.
std::optional<std::string_view> unit_by_name(std::string_view point);

}  // namespace sitepower
