// The simulated site's hardware: one UPS with two VRLA strings and a Li-ion pack, the load, two meters. Pure
// and deterministic with its seed; time comes in as an argument. Owned by the simulation; one thread.
#pragma once

#include <array>
#include <cstdint>

#include "drivers/sim/battery_inverter.hpp"
#include "drivers/sim/lithium_pack.hpp"
#include "drivers/sim/noise.hpp"
#include "drivers/sim/vrla_string.hpp"

namespace sitepower::sim {

struct PlantParameters {
    VrlaParameters string;
    LithiumParameters pack;
    double rated_kw = 80;
    double base_load_kw = 40;
    double efficiency = 0.95;         // of the UPS, either way
    double pack_share = 0.35;         // of the load on battery; the strings carry the rest
    double cut_off_per_jar_v = 10.5;  // the UPS protects the strings from deeper discharge
    double cooling_share = 0.35;      // of the load, fed from the mains only
    std::uint64_t seed = 1;
};

// What a meter shows, always current by phase and a growing counter.
struct MeterReading {
    double power_kw = 0;
    double energy_import_kwh = 0;
    double power_factor = 1;
    std::array<double, 3> voltage_v{};
    std::array<double, 3> current_a{};
};

class Plant {
  public:
    static constexpr int strings = 2;
    static constexpr int meters = 3;  // 0: incoming supply, 1: output of the UPS, 2: before the inverter

    explicit Plant(const PlantParameters& parameters);

    // Lets `seconds` of site time pass, in steps of at most 10 s, and measures once at the end. advance(0)
    // only measures again.
    void advance(double seconds);

    // Takes effect with the next step.
    void fail_mains() { mains_ = false; }
    // A load that had gone dark comes back with the supply.
    void restore_mains();

    // string and jar count from 0.
    VrlaString& string(int index) { return strings_.at(static_cast<std::size_t>(index)); }
    const VrlaString& string(int index) const { return strings_.at(static_cast<std::size_t>(index)); }
    const LithiumPack& pack() const { return pack_; }
    BatteryInverter& inverter() { return inverter_; }
    const BatteryInverter& inverter() const { return inverter_; }
    double pack_power_kw() const {
        return pack_.current_a() * pack_.voltage_v() / 1000;
    }  // charging positive
    const MeterReading& meter(int index) const { return meters_.at(static_cast<std::size_t>(index)); }

    bool mains() const { return mains_; }
    bool on_battery() const { return !mains_ && supplying_; }
    bool supplying() const { return supplying_; }  // false once the batteries are empty and the load is dark
    bool strings_exhausted() const { return strings_exhausted_; }
    double load_kw() const { return supplying_ ? load_kw_ : 0; }
    double rated_kw() const { return parameters_.rated_kw; }
    double load_pct() const { return 100 * load_kw() / parameters_.rated_kw; }
    double battery_voltage_v() const { return strings_[0].voltage_v(); }
    double battery_current_a() const;  // of both strings and the pack
    double battery_power_kw() const;   // charging positive
    // Mean of both strings and the pack, 0 to 100.
    double charge_pct() const;
    // As the UPS estimates it from charge and load, at most 999.
    double runtime_min() const;
    double mean_temperature_c() const;
    double input_voltage_v() const { return input_voltage_v_; }
    double input_frequency_hz() const { return mains_ ? frequency_hz_ : 0; }
    double output_voltage_v() const { return supplying_ ? 230.0 : 0; }
    double output_frequency_hz() const { return supplying_ ? 50.0 : 0; }
    double elapsed_s() const { return elapsed_s_; }

  private:
    void step(double seconds);
    void charge(double seconds);
    void discharge(double seconds);
    // False when the strings cannot carry it; they then rest.
    bool discharge_strings(double seconds, double power_kw);
    // A daily wave and a slow random walk around the base load.
    void follow_load();
    // The incoming meter also feeds the cooling; nothing flows there without mains.
    void count_energy(double seconds);
    void measure();

    PlantParameters parameters_;
    Noise noise_;
    std::array<VrlaString, strings> strings_;
    LithiumPack pack_;
    BatteryInverter inverter_;
    std::array<MeterReading, meters> meters_;
    bool mains_ = true;
    bool supplying_ = true;
    bool strings_exhausted_ = false;
    double elapsed_s_ = 0;
    double load_kw_ = 0;
    double wander_kw_ = 0;
    double input_voltage_v_ = 230;
    double frequency_hz_ = 50;
};

}  // namespace sitepower::sim
