// Values of a reply as people read them: numbers with units, times with ages, "-" with the reason for what is
// not known. A field that an older or newer daemon does not send counts as not known. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/time.hpp"
#include "daemon/operation/json.hpp"

namespace sitepower::ctl {

// The member at a dotted path; null when there is none.
const Json& member(const Json& object, std::string_view path);

// Instead of a number of decimals: at least six significant digits, as many as are needed, so that neither a
// counter of kWh nor a milliohm loses what was measured.
inline constexpr int significant = -1;

// "13.52 V"; "-" for null. `decimals` of a number, ignored for text.
std::string value_text(const Json& value, std::string_view unit = {}, int decimals = 2);

// The same of a member, with its reason behind the dash: "- (no current sensor)".
std::string explained(const Json& object, std::string_view path, std::string_view unit = {},
                      int decimals = 2);

// Why a member is not known, or what else there is to say about it; empty: nothing.
std::string reason_text(const Json& object, std::string_view path);

// "1 row", "2 rows".
std::string count_text(std::uint64_t count, std::string_view one, std::string_view many);

std::string percent_text(const Json& share);  // 0.01 is "1.0 %"

std::string duration_text(Duration duration);      // "3 s", "12 min", "5 h", "4 d"
std::string age_text(const Json& time, Time now);  // "3 s ago"; "-" for null
// "2026-11-22 06:14:28Z (3 s ago)"
std::string time_text(const Json& time, Time now);
std::string short_time_text(const Json& time);  // "2026-11-22 06:14:28Z"
std::string exact_time_text(const Json& time);  // "2026-11-22 06:14:28.123Z"

}  // namespace sitepower::ctl
