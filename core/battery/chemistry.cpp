#include "core/battery/chemistry.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace sitepower {
namespace {

// VRLA: float -18 to -20 mV/C per 12 V block and +0.6 %/C of capacity (estimation.md 2.1, section 7),
// resistance -0.3 to -0.8 %/C (section 4). Lithium: cell limits of section 7; a float voltage that does not
// depend on temperature. The sigmas are engineering defaults.
constexpr std::array<ChemistryParameters, 4> chemistries{{
    {.nominal_cell_v = 2.0,
     .highest_cell_v = 2.4,
     .lowest_cell_v = 1.75,
     .float_v_per_c = -0.019 / 6,
     .capacity_per_c = 0.006,
     .resistance_per_c = -0.005,
     .capacity_sigma = 0.1,
     .charge_gain_sigma = 0.05},
    {.nominal_cell_v = 3.2,
     .highest_cell_v = 3.65,
     .lowest_cell_v = 2.5,
     .capacity_per_c = 0.005,
     .resistance_per_c = -0.01,
     .capacity_sigma = 0.05,
     .charge_gain_sigma = 0.01},
    {.nominal_cell_v = 3.65,
     .highest_cell_v = 4.2,
     .lowest_cell_v = 2.75,
     .capacity_per_c = 0.005,
     .resistance_per_c = -0.01,
     .capacity_sigma = 0.05,
     .charge_gain_sigma = 0.01},
    {.nominal_cell_v = 3.6,
     .highest_cell_v = 4.2,
     .lowest_cell_v = 2.75,
     .capacity_per_c = 0.005,
     .resistance_per_c = -0.01,
     .capacity_sigma = 0.05,
     .charge_gain_sigma = 0.01},
}};

}  // namespace

const ChemistryParameters& parameters_of(Chemistry chemistry) {
    return chemistries[std::min<std::size_t>(static_cast<std::size_t>(chemistry), chemistries.size() - 1)];
}

int cells_of(Chemistry chemistry, double nominal_voltage_v) {
    return std::max(
        1, static_cast<int>(std::lround(nominal_voltage_v / parameters_of(chemistry).nominal_cell_v)));
}

double float_voltage_v(Chemistry chemistry, double nominal_voltage_v, double float_voltage_25_v,
                       std::optional<double> temperature_c) {
    const double per_c = parameters_of(chemistry).float_v_per_c * cells_of(chemistry, nominal_voltage_v);
    return float_voltage_25_v + per_c * (temperature_c.value_or(25.0) - 25.0);
}

double capacity_ah(Chemistry chemistry, double capacity_25_ah, std::optional<double> temperature_c) {
    const double factor = 1 + parameters_of(chemistry).capacity_per_c * (temperature_c.value_or(25.0) - 25.0);
    return capacity_25_ah * std::max(factor, 0.3);
}

double resistance_at_25(Chemistry chemistry, double resistance_ohm, double temperature_c) {
    const double factor = 1 + parameters_of(chemistry).resistance_per_c * (temperature_c - 25.0);
    return resistance_ohm / std::max(factor, 0.3);
}

}  // namespace sitepower
