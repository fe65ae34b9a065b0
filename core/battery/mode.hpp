// What a string is doing: many rules and all full-charge conditions hold in one mode only. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "core/site/model.hpp"

namespace sitepower {

enum class StringMode : std::uint8_t { unknown, floating, charging, discharging };

// What the mode is judged from; empty where it is not known.
struct ModeEvidence {
    std::optional<double> current_a;  // charging positive
    std::optional<bool> ups_on_battery;
    std::optional<double> median_voltage_v;  // of the string's batteries
    double float_voltage_v = 0;              // of one battery at its temperature
};

// Discharging while the UPS says that it runs from its batteries, however light its load and whatever the
// current says. Else by current: charging or discharging beyond C/50 (estimation.md section 3), floating
// within. Without a current: floating while the UPS is on the mains and the median lies within 0.3 V per 12 V
// of the float voltage; else unknown.
StringMode judge_mode(const StringModel& string, const ModeEvidence& evidence);

// Whether a string that floats by its current is charged, too, and not flat and at rest. Lead-acid: its
// median is no more than 0.5 V per 12 V below the float voltage (estimation.md section 7), or nothing tells
// of it.
bool is_at_charger(const StringModel& string, const ModeEvidence& evidence);

}  // namespace sitepower
