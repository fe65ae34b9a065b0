// A Li-ion pack (NMC cells in series) with what its BMS would report. Pure and deterministic; time comes in
// as a step. Owned by the simulated plant. Current is positive while charging.
#pragma once

#include <optional>

#include "drivers/sim/noise.hpp"

namespace sitepower::sim {

struct LithiumParameters {
    int cells = 128;
    double capacity_ah = 100;
    double cell_resistance_ohm = 0.0008;
    double cell_limit_v = 4.15;  // of the charger's constant voltage
    double charge_limit_a = 40;
    double discharge_limit_kw = 40;
    double soh = 0.97;
    double ambient_c = 23.0;
};

class LithiumPack {
  public:
    explicit LithiumPack(const LithiumParameters& parameters) : parameters_(parameters) {}

    int cells() const { return parameters_.cells; }
    double soc() const { return soc_; }
    double soh() const { return parameters_.soh; }
    double current_a() const { return current_a_; }
    double voltage_v() const;
    double temperature_c() const { return temperature_c_; }
    // Of the highest and the lowest cell.
    double cell_max_voltage_v() const { return mean_cell_voltage_v() + 0.006; }
    double cell_min_voltage_v() const { return mean_cell_voltage_v() - 0.008; }
    // Most that it can give now, kW; 0 when empty.
    double available_kw() const;
    // Down to where it counts as empty, at its nominal voltage.
    double stored_kwh() const;

    // One step on the charger: limited current, then constant voltage. `seconds` at most 60.
    void charge(double seconds);
    // Likewise, with no more than `power_kw` >= 0.
    void charge(double seconds, double power_kw);
    // One step that gives `power_kw` >= 0, which must not be more than available_kw().
    void discharge(double seconds, double power_kw);

  private:
    double usable_ah() const { return parameters_.capacity_ah * parameters_.soh; }
    double resistance_ohm() const { return parameters_.cells * parameters_.cell_resistance_ohm; }
    double rest_voltage_v() const;
    double mean_cell_voltage_v() const { return voltage_v() / parameters_.cells; }
    void step(double seconds, double current_a);

    LithiumParameters parameters_;
    double soc_ = 0.985;
    double current_a_ = 0;
    double temperature_c_ = 24;
};

// The current (<= 0) at which a source of E volts behind R ohm gives `power_w`; nullopt when it cannot.
std::optional<double> discharge_current(double source_v, double resistance_ohm, double power_w);

}  // namespace sitepower::sim
