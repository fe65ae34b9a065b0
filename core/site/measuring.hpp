// How the last value of a point becomes a measurement of a part, and why it is none. Pure.
#pragma once

#include <string_view>

#include "core/site/latest_values.hpp"
#include "core/site/model.hpp"
#include "core/site/state.hpp"

namespace sitepower {

inline constexpr std::string_view stale_input = "stale_input";
inline constexpr std::string_view reported_by_bms = "reported_by_bms";

inline std::string_view reason_of(Quality quality) {
    return quality == Quality::stale ? stale_input : to_string(quality);
}

inline Measurement measure(const LatestValue& latest) {
    if (latest.quality == Quality::good) return {latest.value, "", latest.time};
    return {std::nullopt, reason_of(latest.quality), latest.time};
}

// What has been lost keeps the time of its last value.
inline void lose_measurement(Measurement& measurement) {
    measurement.value.reset();
    measurement.reason = stale_input;
}

// Before anything has been read.
inline Measurement nothing_yet(const std::optional<PointRef>& point) {
    return {std::nullopt, point ? "not_yet_read" : "no_sensor", Time{}};
}

inline Estimate unknown_estimate(std::string_view reason, Time as_of = Time{}) {
    return {.value = std::nullopt, .reason = reason, .as_of = as_of};
}

}  // namespace sitepower
