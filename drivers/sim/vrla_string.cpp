#include "drivers/sim/vrla_string.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "drivers/sim/curve.hpp"

namespace sitepower::sim {
namespace {

// estimation.md 2.1, a measured 12 V block; below 0 a jar collapses.
constexpr std::array<CurvePoint, 14> rest_voltage_v{{{-0.2, 4.95},
                                                     {-0.02, 10.35},
                                                     {0, 10.95},
                                                     {0.05, 11.22},
                                                     {0.1, 11.42},
                                                     {0.2, 11.66},
                                                     {0.3, 11.84},
                                                     {0.4, 11.99},
                                                     {0.5, 12.12},
                                                     {0.6, 12.25},
                                                     {0.7, 12.39},
                                                     {0.8, 12.53},
                                                     {0.9, 12.71},
                                                     {1, 12.98}}};

constexpr double lowest_soc = -0.2;
constexpr double charge_efficiency = 0.96;    // the rest gasses: 5-10 % more Ah in than out
constexpr double float_current_share = 5e-4;  // of the capacity, A per Ah at 25 C, doubling every 10 C
constexpr double acceptance_time_s = 5400;    // the charging current falls with this time constant
constexpr double bulk_polarisation_v = 0.75;  // most that a jar shows before constant voltage is reached
constexpr double charge_time_constant_s = 300;
constexpr double discharge_time_constant_s = 60;
constexpr double polarisation_ratio = 1.2;        // slow polarisation while discharging, of R0
constexpr double heat_capacity_j_per_k = 27'000;  // 30 kg of lead and acid
constexpr double thermal_resistance_k_per_w = 0.4;
constexpr double resistance_temperature_k = 800;  // B of exp(B * (1/T - 1/298.15))

// What a full jar takes for ever, A.
double float_current(const Jar& jar) {
    return float_current_share * jar.capacity_ah * std::exp2((jar.temperature_c - 25) / 10);
}

// Adds to the state of charge what the jar can take and counts the rest as gas; below empty nothing more
// comes out of it, and what is still driven through counts as (negative) gas too, so that no charge is lost.
void store_charge(Jar& jar, double charge_ah) {
    const double stored = charge_ah > 0
                              ? std::min(charge_ah * charge_efficiency, (1 - jar.soc) * jar.capacity_ah)
                              : std::max(charge_ah, (lowest_soc - jar.soc) * jar.capacity_ah);
    jar.soc += stored / jar.capacity_ah;
    jar.gassed_ah += charge_ah - stored;
}

// One thermal mass that loses its heat to the room.
void warm(Jar& jar, double seconds, double current_a, double ambient_c) {
    if (jar.held_temperature_c) {
        jar.temperature_c = *jar.held_temperature_c;
        return;
    }
    const double heat_w =
        current_a * current_a * ohmic_resistance(jar) + std::abs(current_a * jar.polarisation_v);
    const double settled_c = ambient_c + heat_w * thermal_resistance_k_per_w;
    const double time_constant_s = heat_capacity_j_per_k * thermal_resistance_k_per_w;
    jar.temperature_c += (settled_c - jar.temperature_c) * (1 - std::exp(-seconds / time_constant_s));
}

}  // namespace

double ohmic_resistance(const Jar& jar) {
    const double empty = 1 - std::clamp(jar.soc, 0.0, 1.0);
    const double kelvin = jar.temperature_c + 273.15;
    return jar.resistance_ohm * (1 + 0.6 * empty * empty) *
           std::exp(resistance_temperature_k * (1 / kelvin - 1 / 298.15));
}

double rest_voltage(const Jar& jar) {
    return interpolate(rest_voltage_v, jar.soc);
}

VrlaString::VrlaString(const VrlaParameters& parameters, Noise& noise)
    : parameters_(parameters), jars_(static_cast<std::size_t>(parameters.jars)) {
    for (Jar& jar : jars_) {
        jar.capacity_ah = parameters.capacity_ah * (1 + std::clamp(noise.normal(0.01), -0.03, 0.03));
        jar.resistance_ohm = parameters.resistance_ohm * (1 + std::clamp(noise.normal(0.03), -0.08, 0.08));
        jar.temperature_c = parameters.ambient_c + noise.uniform();
        jar.float_spread_v = std::clamp(noise.normal(0.02), -0.05, 0.05);
        jar.polarisation_v = parameters.float_voltage_v - rest_voltage(jar);
    }
    charge(1);
    measure(noise);
}

double VrlaString::source_voltage_v() const {
    double sum = 0;
    for (const Jar& jar : jars_) sum += rest_voltage(jar) + jar.polarisation_v;
    return sum;
}

double VrlaString::resistance_ohm() const {
    double sum = 0;
    for (const Jar& jar : jars_) sum += ohmic_resistance(jar);
    return sum;
}

double VrlaString::voltage_v() const {
    return source_voltage_v() + resistance_ohm() * current_a_;
}

double VrlaString::mean_soc() const {
    double sum = 0;
    for (const Jar& jar : jars_) sum += std::clamp(jar.soc, 0.0, 1.0);
    return sum / static_cast<double>(jars_.size());
}

// The current follows the missing charge, as the acceptance of lead-acid does; the polarisation makes up what
// is missing to the float voltage, limited while the current is.
void VrlaString::charge(double seconds) {
    double floating_a = 0;
    for (const Jar& jar : jars_) floating_a += float_current(jar) / static_cast<double>(jars_.size());
    const double wanted_a =
        floating_a + (1 - mean_soc()) * parameters_.capacity_ah * 3600 / acceptance_time_s;
    const double current_a = std::min(parameters_.charge_limit_a, wanted_a);

    double rest_v = 0;
    for (const Jar& jar : jars_) rest_v += rest_voltage(jar);
    const double to_float_v = parameters_.float_voltage_v -
                              (rest_v + resistance_ohm() * current_a) / static_cast<double>(jars_.size());
    step(seconds, current_a, std::min(to_float_v, bulk_polarisation_v), charge_time_constant_s);
}

void VrlaString::discharge(double seconds, double current_a) {
    const double mean_resistance_ohm = resistance_ohm() / static_cast<double>(jars_.size());
    step(seconds, current_a, polarisation_ratio * mean_resistance_ohm * current_a, discharge_time_constant_s);
}

void VrlaString::step(double seconds, double current_a, double polarisation_target_v,
                      double time_constant_s) {
    current_a_ = current_a;
    const double approach = 1 - std::exp(-seconds / time_constant_s);
    for (Jar& jar : jars_) {
        const double own = current_a < 0 ? 0 : jar.float_spread_v - 0.004 * (jar.temperature_c - 25);
        jar.polarisation_v += (polarisation_target_v + own - jar.polarisation_v) * approach;
        store_charge(jar, current_a * seconds / 3600);
        warm(jar, seconds, current_a, parameters_.ambient_c);
    }
}

void VrlaString::hold_temperature(int jar, std::optional<double> celsius) {
    jars_.at(static_cast<std::size_t>(jar)).held_temperature_c = celsius;
}

void VrlaString::age(int jar, double factor) {
    Jar& aged = jars_.at(static_cast<std::size_t>(jar));
    const double change = factor / aged.age;
    aged.resistance_ohm *= change;
    aged.capacity_ah *= (1.5 - 0.5 * factor) / (1.5 - 0.5 * aged.age);
    aged.age = factor;
}

void VrlaString::measure(Noise& noise) {
    for (Jar& jar : jars_) {
        jar.measured_voltage_v =
            rest_voltage(jar) + jar.polarisation_v + ohmic_resistance(jar) * current_a_ + noise.normal(0.004);
        jar.measured_temperature_c = jar.temperature_c + noise.normal(0.08);
        jar.measured_resistance_ohm = ohmic_resistance(jar) * (1 + noise.normal(0.008));
    }
}

}  // namespace sitepower::sim
