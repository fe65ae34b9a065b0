#include "drivers/sim/plant.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace sitepower::sim {
namespace {

constexpr double longest_step_s = 10;
constexpr double day_s = 86'400;

// Balanced phases: each carries a third of the power.
void show(MeterReading& meter, double power_kw, double voltage_v, double power_factor, Noise& noise) {
    meter.power_kw = power_kw;
    meter.power_factor = power_factor;
    for (std::size_t phase = 0; phase < meter.voltage_v.size(); ++phase) {
        const double phase_v = voltage_v > 0 ? voltage_v + noise.normal(0.3) : 0;
        meter.voltage_v[phase] = phase_v;
        meter.current_a[phase] = phase_v > 0 ? power_kw * 1000 / 3 / phase_v / power_factor : 0;
    }
}

}  // namespace

Plant::Plant(const PlantParameters& parameters)
    : parameters_(parameters),
      noise_(parameters.seed),
      strings_{VrlaString(parameters.string, noise_), VrlaString(parameters.string, noise_)},
      pack_(parameters.pack) {
    meters_[0].energy_import_kwh = 184'250;
    meters_[1].energy_import_kwh = 121'730;
    follow_load();
    charge(1);
    count_energy(0);
    measure();
}

void Plant::advance(double seconds) {
    while (seconds > 0) {
        const double part_s = std::min(seconds, longest_step_s);
        step(part_s);
        seconds -= part_s;
    }
    measure();
}

void Plant::restore_mains() {
    mains_ = true;
    supplying_ = true;
    strings_exhausted_ = false;
}

void Plant::step(double seconds) {
    elapsed_s_ += seconds;
    follow_load();
    if (mains_) {
        charge(seconds);
    } else {
        discharge(seconds);
    }
    count_energy(seconds);
}

void Plant::follow_load() {
    const double of_day = std::sin(2 * std::numbers::pi * elapsed_s_ / day_s);
    wander_kw_ = 0.98 * wander_kw_ + noise_.normal(0.05);
    load_kw_ = parameters_.base_load_kw + 4 * of_day + wander_kw_;
}

void Plant::charge(double seconds) {
    for (VrlaString& string : strings_) string.charge(seconds);
    inverter_.pass(seconds);
    const auto power_kw = inverter_.power_kw();
    if (!power_kw) {
        pack_.charge(seconds);
    } else if (*power_kw >= 0) {
        pack_.charge(seconds, *power_kw);
    } else {
        pack_.discharge(seconds, std::min(-*power_kw, pack_.available_kw()));
    }
}

// The pack hangs on a converter of its own and carries a fixed share; whoever is empty leaves the rest to the
// other, and when neither can go on the load is dark until the mains are back.
void Plant::discharge(double seconds) {
    const double wanted_kw = load_kw() / parameters_.efficiency;
    const double from_pack_kw =
        std::min(strings_exhausted_ ? wanted_kw : wanted_kw * parameters_.pack_share, pack_.available_kw());
    if (!discharge_strings(seconds, strings_exhausted_ ? 0 : wanted_kw - from_pack_kw)) {
        strings_exhausted_ = true;
        discharge_strings(seconds, 0);
    }
    pack_.discharge(seconds, from_pack_kw);
    if (strings_exhausted_ && pack_.available_kw() < wanted_kw) supplying_ = false;
}

bool Plant::discharge_strings(double seconds, double power_kw) {
    // Both strings hang on one bus: V = E - R * I with their sources and resistances in parallel.
    double conductance = 0;
    double short_circuit_a = 0;
    for (const VrlaString& string : strings_) {
        conductance += 1 / string.resistance_ohm();
        short_circuit_a += string.source_voltage_v() / string.resistance_ohm();
    }
    const double source_v = short_circuit_a / conductance;
    const auto total_a = discharge_current(source_v, 1 / conductance, power_kw * 1000);
    const double bus_v = total_a ? source_v + *total_a / conductance : 0;
    if (power_kw > 0 && bus_v < parameters_.cut_off_per_jar_v * parameters_.string.jars) return false;
    for (VrlaString& string : strings_) {
        const double current_a =
            power_kw > 0 ? (bus_v - string.source_voltage_v()) / string.resistance_ohm() : 0;
        string.discharge(seconds, std::min(current_a, 0.0));
    }
    return true;
}

double Plant::battery_current_a() const {
    return strings_[0].current_a() + strings_[1].current_a() + pack_.current_a();
}

double Plant::battery_power_kw() const {
    double power_w = pack_.current_a() * pack_.voltage_v();
    for (const VrlaString& string : strings_) power_w += string.current_a() * string.voltage_v();
    return power_w / 1000;
}

double Plant::charge_pct() const {
    return 100 * std::clamp((strings_[0].mean_soc() + strings_[1].mean_soc() + pack_.soc()) / 3, 0.0, 1.0);
}

double Plant::runtime_min() const {
    const double block_kwh = 12 * parameters_.string.capacity_ah * parameters_.string.jars / 1000;
    const double strings_kwh =
        strings_exhausted_ ? 0 : block_kwh * (strings_[0].mean_soc() + strings_[1].mean_soc());
    // What a lead-acid string gives within an hour is well below its nominal energy.
    const double usable_kwh = 0.7 * strings_kwh + pack_.stored_kwh();
    return std::min(999.0, 60 * usable_kwh * parameters_.efficiency / load_kw_);
}

double Plant::mean_temperature_c() const {
    double sum = 0;
    for (const VrlaString& string : strings_) {
        for (const Jar& jar : string.jars()) sum += jar.temperature_c;
    }
    return sum / (strings * parameters_.string.jars);
}

void Plant::count_energy(double seconds) {
    const double battery_kw = mains_ ? battery_power_kw() : 0;
    const double cooling_kw = load_kw() * parameters_.cooling_share;
    const double incoming_kw = mains_ ? (load_kw() + battery_kw) / parameters_.efficiency + cooling_kw : 0;
    meters_[0].power_kw = incoming_kw;
    meters_[1].power_kw = load_kw();
    meters_[2].power_kw = pack_power_kw();
    for (MeterReading& meter : meters_) meter.energy_import_kwh += meter.power_kw * seconds / 3600;
}

void Plant::measure() {
    input_voltage_v_ = mains_ ? 230 + noise_.normal(0.6) : 0;
    frequency_hz_ = 50 + noise_.normal(0.008);
    for (VrlaString& string : strings_) string.measure(noise_);
    show(meters_[0], meters_[0].power_kw, input_voltage_v_, 0.96, noise_);
    show(meters_[1], load_kw(), output_voltage_v(), 0.98, noise_);
    show(meters_[2], meters_[2].power_kw, input_voltage_v_, 1, noise_);
}

}  // namespace sitepower::sim
