// A string of 12 V lead-acid jars (VRLA) in series: rest voltage, ohmic resistance, slow polarisation, charge
// and heat. Pure and deterministic; time comes in as a step. Owned by the simulated plant.
//
// The rest voltage is the table of estimation.md 2.1; a jar's voltage is OCV(z) + R0(z, T) * I + v1 with one
// slow state v1. Current is positive while charging.
#pragma once

#include <optional>
#include <vector>

#include "drivers/sim/noise.hpp"

namespace sitepower::sim {

struct VrlaParameters {
    int jars = 36;
    double capacity_ah = 100;
    double resistance_ohm = 0.0048;  // of a new, full jar at 25 C: about 0.5 ohm Ah
    double float_voltage_v = 13.65;  // of one jar
    double charge_limit_a = 12;
    double ambient_c = 23.5;
};

struct Jar {
    double soc = 1;             // of its own capacity; a hair below 0 when driven into reversal
    double polarisation_v = 0;  // v1
    double temperature_c = 25;
    double capacity_ah = 100;
    double resistance_ohm = 0.0048;  // R0 of the full jar at 25 C, ageing included
    double float_spread_v = 0;       // how far it floats from the mean of its string
    double age = 1;
    std::optional<double> held_temperature_c;  // by a fault; else it follows its losses and the room
    double gassed_ah = 0;                      // charge that was not stored

    // As the battery monitor sees it: with the noise of its sensors.
    double measured_voltage_v = 0;
    double measured_temperature_c = 0;
    double measured_resistance_ohm = 0;
};

class VrlaString {
  public:
    // Each jar a little different from the others, by `noise`.
    VrlaString(const VrlaParameters& parameters, Noise& noise);

    const std::vector<Jar>& jars() const { return jars_; }
    double current_a() const { return current_a_; }
    double voltage_v() const;  // at the present current
    // Of all jars, each taken within 0 to 1.
    double mean_soc() const;
    // E and R of V = E + R * I for the present state.
    double source_voltage_v() const;
    double resistance_ohm() const;
    double ambient_c() const { return parameters_.ambient_c; }

    // One step on the charger: limited current first, then constant voltage with a falling current, at last
    // float. `seconds` at most 60.
    void charge(double seconds);
    // One step at a current the load wants, `current_a` <= 0.
    void discharge(double seconds, double current_a);

    // Jars count from 0.
    void hold_temperature(int jar, std::optional<double> celsius);
    // R0 times `factor` of a new one; the capacity falls along, to half at a factor of 2.
    void age(int jar, double factor);

    // Brings the measured values of all jars up to date: 4 mV, 0.08 C, 0.8 % of the resistance (one sigma).
    void measure(Noise& noise);

  private:
    void step(double seconds, double current_a, double polarisation_target_v, double time_constant_s);

    VrlaParameters parameters_;
    std::vector<Jar> jars_;
    double current_a_ = 0;
};

// R0 of the jar as it is now, ohm.
double ohmic_resistance(const Jar& jar);
double rest_voltage(const Jar& jar);

}  // namespace sitepower::sim
