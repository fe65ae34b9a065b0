// What is known of a kind of battery before one of it has been measured: a cell or block as data. Read from
// config/batteries/*.toml (daemon/config), one file per kind; plain values.
#pragma once

#include <string>
#include <vector>

#include "core/site/model.hpp"

namespace sitepower {

// Ohmic part (r0) and two polarisations (r1, r2) over the state of charge, at one temperature.
struct ResistanceTable {
    double temperature_c = 25;
    std::vector<double> r0_ohm;  // each beside BatteryParameters::resistance_soc
    std::vector<double> r1_ohm;
    std::vector<double> r2_ohm;
};

// How far the model and the sensors are to be trusted. Voltages are of the battery that the file describes,
// currents shares of its capacity C.
struct NoiseParameters {
    double voltage_v = 0.015;           // standard deviation of the model's voltage at 25 C
    double current_ohm = 0.003;         // and per ampere
    double correlation_s = 400;         // its errors hang together for so long
    double error_v = 0;                 // standard deviation of the open circuit's error at 25 C, which
    double error_soc = 0.3;             // lasts until so much charge has flowed, as a share of 1
    double cold_per_c = 0;              // they grow by exp(cold_per_c * (25 - T)) below 25 C
    double low_soc = 0.15;              // below this the open circuit falls off a cliff:
    double low_soc_v = 0.08;            // standard deviation added towards empty
    double soc_per_root_s = 1e-5;       // random walk of the state of charge,
    double voltage_per_root_s = 2e-4;   // of the polarisations, V,
    double offset_c_per_root_s = 3e-6;  // and of the current sensor's offset
    double offset_c = 0.01;             // the offset before anything is known of it
    double gain = 0.01;                 // of the current sensor, over one full discharge
    double capacity = 0;                // of the capacity, relative: during a discharge it looks like an
                                        // offset of the current, and is learnt as one
};

struct BatteryLimits {
    double highest_v = 0;  // charging ends here,
    double cutoff_v = 0;   // discharging here
    double lowest_temperature_c = -20;
    double highest_temperature_c = 60;
    double highest_discharge_c = 10;  // current, as a share of the capacity
};

struct BatteryParameters {
    std::string id;
    Chemistry chemistry = Chemistry::vrla;
    double nominal_voltage_v = 0;    // of what the tables describe: a cell, a block
    double nominal_capacity_ah = 0;  // at the reference rate and 25 C
    // A faster discharge gives less (Peukert 1897): (rated_c / current)^(peukert - 1) of it, from rated_c to
    // fastest_c; at still faster ones the resistance tells the rest.
    double peukert = 1;
    double rated_c = 0.05;
    double fastest_c = 0.25;
    double capacity_per_c = 0;     // relative change of what can be taken out, per degree from 25 C
    double charge_efficiency = 1;  // share of the charged Ah that stays

    std::vector<double> ocv_soc;      // ascending from 0 to 1
    std::vector<double> ocv_v;        // at 25 C
    std::vector<double> ocv_v_per_c;  // empty: none

    std::vector<double> resistance_soc;        // ascending
    std::vector<ResistanceTable> resistances;  // ascending temperatures
    double r0_activation_k = 0;                // R(T) = R(25 C) exp(B (1/T - 1/298.15 K)), B in K;
    double r1_activation_k = 0;                // between two tables the factor left over is interpolated
    double r2_activation_k = 0;
    double tau1_s = 10;
    double tau2_s = 200;
    // Inside it is warmer than at its case, where the sensor is: by so much per watt of I^2 R0, after so
    // long.
    double core_k_per_w = 0;
    double core_tau_s = 100;

    // What the maker says that a new, full battery gives at constant power and 25 C: minutes ascending, power
    // falling, W of the battery that the tables describe; empty: nothing. Down to `limits.cutoff_v`.
    std::vector<double> power_min;
    std::vector<double> power_w;

    // The state of charge between these says nothing about the voltage (LFP); 1 and 0: nowhere.
    double plateau_from = 1;
    double plateau_to = 0;

    NoiseParameters noise;
    BatteryLimits limits;
};

}  // namespace sitepower
