#include "drivers/profile/unit_name.hpp"

#include <algorithm>
#include <array>

namespace sitepower {
namespace {

struct UnitName {
    std::string_view ending;
    std::string_view unit;  // by UCUM, but for the units of power that it does not have
};

constexpr std::array unit_names = {
    UnitName{"_v", "V"},       UnitName{"_mv", "mV"},   UnitName{"_a", "A"},
    UnitName{"_ma", "mA"},     UnitName{"_ah", "Ah"},   UnitName{"_c", "Cel"},
    UnitName{"_f", "degF"},    UnitName{"_k", "K"},     UnitName{"_hz", "Hz"},
    UnitName{"_w", "W"},       UnitName{"_kw", "kW"},   UnitName{"_va", "VA"},
    UnitName{"_kva", "kVA"},   UnitName{"_var", "var"}, UnitName{"_kvar", "kvar"},
    UnitName{"_wh", "Wh"},     UnitName{"_kwh", "kWh"}, UnitName{"_kvarh", "kvarh"},
    UnitName{"_mohm", "mOhm"}, UnitName{"_ohm", "Ohm"}, UnitName{"_kohm", "kOhm"},
    UnitName{"_pct", "%"},     UnitName{"_s", "s"},     UnitName{"_ms", "ms"},
    UnitName{"_min", "min"},   UnitName{"_h", "h"},     UnitName{"_d", "d"},
    UnitName{"_deg", "deg"},   UnitName{"_kpa", "kPa"}, UnitName{"_rpm", "1/min"},
};

}  // namespace

std::optional<std::string_view> unit_by_name(std::string_view point) {
    const auto found =
        std::ranges::find_if(unit_names, [&](const UnitName& name) { return point.ends_with(name.ending); });
    if (found == unit_names.end()) return std::nullopt;
    return found->unit;
}

}  // namespace sitepower
