// The equivalent circuit of a cell or block, made ready for lookups: tables over state of charge and
// temperature on even grids. Built once when the configuration is loaded, shared read-only by all strings of
// that kind; any thread.
//
//     V = OCV(z, T) + v1 + v2 + R0(z, T) I,    dvj/dt = (Rj(z, T) I - vj) / tau_j
//
// Plett, Battery Management Systems, vol. 1 (2015), ch. 2: two RC pairs.
#pragma once

#include <optional>
#include <vector>

#include "core/battery/model/parameters.hpp"

namespace sitepower {

// Of the battery that the parameters describe; scale to another with CellScale.
struct CellPoint {
    double ocv_v = 0;
    double r0_ohm = 0;
    double r1_ohm = 0;
    double r2_ohm = 0;
    double ocv_slope_v = 0;  // dOCV/dz
};

// How the model's errors depend on the temperature.
struct ModelTrust {
    double cold_factor = 1;  // on the standard deviation of the voltage
    double low_soc = 0;      // below it the open circuit is hardly known
};

class CellModel {
  public:
    // Of parameters without faults (model/faults.hpp).
    explicit CellModel(BatteryParameters parameters);

    const BatteryParameters& parameters() const { return parameters_; }

    // Any finite soc and temperature; beyond the tables the nearest edge holds. No allocation.
    CellPoint at(double soc, double temperature_c) const;
    ModelTrust trust(double temperature_c) const;
    // The state of charge of a rested battery; the plateau of LFP gives a poor one.
    double soc_of_rest(double voltage_v, double temperature_c) const;

  private:
    struct Node {
        double ocv_v, r0_ohm, r1_ohm, r2_ohm;
    };
    Node node(double soc, double temperature_c) const;

    BatteryParameters parameters_;
    std::vector<Node> nodes_;  // by temperature, then by soc
    std::vector<ModelTrust> trust_;
    double first_temperature_c_ = 0;
    int temperature_steps_ = 1;
};

// What can be taken out over what is rated. At a temperature: along a line. While discharging at
// `discharge_c`, a multiple of the capacity: by Peukert's law, up to parameters.fastest_c. Never below 0.3:
// neither is meant for so far away.
double share_at_temperature(const BatteryParameters& parameters, double temperature_c);
// By the battery file, or without one (nullptr) by the chemistry; at 25 C where the temperature is unknown.
double share_at_temperature(const CellModel* model, Chemistry chemistry, std::optional<double> temperature_c);
double share_at_rate(const BatteryParameters& parameters, double discharge_c);

// From the battery of the tables to the one at hand: cells in series add up, and a larger one of the same
// make has less resistance in proportion.
struct CellScale {
    double voltage = 1;
    double resistance = 1;
};
CellScale scale_to(const BatteryParameters& parameters, double nominal_voltage_v, double nominal_capacity_ah);

}  // namespace sitepower
