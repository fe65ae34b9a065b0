// Why a value may not be used. A value never travels without its quality; "unknown" is a quality, not a zero.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sitepower {

// The numbers are stored in packed frames: append new reasons at the end, never renumber.
enum class Quality : std::uint8_t {
    good = 0,
    not_implemented = 1,  // the device answered with its "not available" sentinel
    out_of_range = 2,     // decoded, but outside the range that the profile allows
    comm_error = 3,       // this point's read failed while others of the same poll succeeded
    stale = 4,            // older than the point's max_age
    invalid_scale = 5,    // its scale factor register was not available
};

// "good", "not_implemented", ...: the word used in JSON.
std::string_view to_string(Quality quality);
std::optional<Quality> parse_quality(std::string_view word);

}  // namespace sitepower
