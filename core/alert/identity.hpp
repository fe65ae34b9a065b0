// Identifiers of alerts and windows: made from what they are about and when, never from chance, so that a
// replay makes the same ones.
#pragma once

#include <string>
#include <string_view>

#include "core/base/time.hpp"

namespace sitepower {

// "<prefix>-<milliseconds since 1970 in base 36>-<6 characters that stand for `about`>". The prefix has at
// most 40 characters of an identifier. Unique as long as no two share prefix, `about` and time.
std::string make_identity(std::string_view prefix, std::string_view about, Time time);

}  // namespace sitepower
