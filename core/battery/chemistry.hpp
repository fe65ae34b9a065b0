// What holds for all batteries of one chemistry: voltages, temperature coefficients, limits. Defaults to be
// replaced by the maker's data where a site has them. Pure functions and constants.
#pragma once

#include <optional>

#include "core/site/model.hpp"

namespace sitepower {

struct ChemistryParameters {
    double nominal_cell_v = 0;
    double highest_cell_v = 0;     // lithium: end of charge
    double lowest_cell_v = 0;      // end of discharge
    double float_v_per_c = 0;      // change of the float voltage per cell and degree
    double capacity_per_c = 0;     // relative change of the capacity per degree, from 25 C
    double resistance_per_c = 0;   // relative change of the internal resistance per degree, from 25 C
    double capacity_sigma = 0;     // of the true capacity of a battery of unknown health, relative to rated
    double charge_gain_sigma = 0;  // of the share of the charged Ah that stays, per Ah
};

const ChemistryParameters& parameters_of(Chemistry chemistry);

inline constexpr bool is_lithium(Chemistry chemistry) {
    return chemistry != Chemistry::vrla;
}

// Cells in series in one battery of that nominal voltage; at least 1.
int cells_of(Chemistry chemistry, double nominal_voltage_v);

// Float voltage of one battery at the temperature (25 C where it is unknown), from its float voltage at 25 C.
double float_voltage_v(Chemistry chemistry, double nominal_voltage_v, double float_voltage_25_v,
                       std::optional<double> temperature_c);

// Capacity at the temperature (25 C where it is unknown), from the capacity at 25 C. Never below 30 % of it:
// the straight line is not meant for deep frost.
double capacity_ah(Chemistry chemistry, double capacity_25_ah, std::optional<double> temperature_c);

// What a resistance measured at the temperature would be at 25 C.
double resistance_at_25(Chemistry chemistry, double resistance_ohm, double temperature_c);

}  // namespace sitepower
