#include "drivers/sim/measure.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace sitepower::sim {
namespace {

using Value = std::optional<double>;
using Indices = std::span<const int>;

// Below this the monitor does not measure the resistance: the load's current would disturb it.
constexpr double resistance_current_limit_a = -5;
constexpr double battery_low_pct = 20;

struct Row {
    std::string_view profile;
    std::string_view pattern;
    Measure measure;
};

const VrlaString& string_of(const Plant& plant, Indices indices) {
    return plant.string(indices[0] - 1);
}

const Jar& jar_of(const Plant& plant, Indices indices) {
    return string_of(plant, indices).jars().at(static_cast<std::size_t>(indices[1] - 1));
}

Value resistance_of(const Plant& plant, Indices indices, int /*meter*/) {
    if (string_of(plant, indices).current_a() < resistance_current_limit_a) return std::nullopt;
    return jar_of(plant, indices).measured_resistance_ohm;
}

double ups_mode(const Plant& plant) {
    if (!plant.supplying()) return 0;
    return plant.on_battery() ? 4 : 3;
}

double pack_state(const Plant& plant) {
    if (plant.pack().current_a() > 0.5) return 1;
    return plant.pack().current_a() < -0.5 ? 2 : 0;
}

Value frequency_of(const Plant& plant, int meter) {
    if (meter == 0) return plant.mains() ? Value(plant.input_frequency_hz()) : std::nullopt;
    return plant.supplying() ? Value(plant.output_frequency_hz()) : std::nullopt;
}

template <std::size_t Phase>
Value phase_voltage(const Plant& plant, Indices /*indices*/, int meter) {
    return plant.meter(meter).voltage_v[Phase];
}

template <std::size_t Phase>
Value phase_current(const Plant& plant, Indices /*indices*/, int meter) {
    return plant.meter(meter).current_a[Phase];
}

// NOLINTBEGIN(readability-named-parameter,hicpp-named-parameter): one line for each point
constexpr std::array rows{
    Row{"sim-ups", "on_line",
        [](const Plant& p, Indices, int) -> Value { return p.mains() && p.supplying(); }},
    Row{"sim-ups", "on_battery", [](const Plant& p, Indices, int) -> Value { return p.on_battery(); }},
    Row{"sim-ups", "on_bypass", [](const Plant&, Indices, int) -> Value { return 0; }},
    Row{"sim-ups", "battery.low",
        [](const Plant& p, Indices, int) -> Value { return p.charge_pct() < battery_low_pct; }},
    Row{"sim-ups", "overload", [](const Plant& p, Indices, int) -> Value { return p.load_pct() > 100; }},
    Row{"sim-ups", "battery.charging",
        [](const Plant& p, Indices, int) -> Value { return p.battery_current_a() > 1; }},
    Row{"sim-ups", "mode", [](const Plant& p, Indices, int) -> Value { return ups_mode(p); }},
    Row{"sim-ups", "input.voltage_v",
        [](const Plant& p, Indices, int) -> Value { return p.input_voltage_v(); }},
    Row{"sim-ups", "input.frequency_hz", [](const Plant& p, Indices, int) { return frequency_of(p, 0); }},
    Row{"sim-ups", "output.voltage_v",
        [](const Plant& p, Indices, int) -> Value { return p.output_voltage_v(); }},
    Row{"sim-ups", "output.load_pct", [](const Plant& p, Indices, int) -> Value { return p.load_pct(); }},
    Row{"sim-ups", "output.load_kw", [](const Plant& p, Indices, int) -> Value { return p.load_kw(); }},
    Row{"sim-ups", "output.frequency_hz",
        [](const Plant& p, Indices, int) -> Value { return p.output_frequency_hz(); }},
    Row{"sim-ups", "output.energy_kwh",
        [](const Plant& p, Indices, int) -> Value { return p.meter(1).energy_import_kwh; }},
    Row{"sim-ups", "battery.voltage_v",
        [](const Plant& p, Indices, int) -> Value { return p.battery_voltage_v(); }},
    Row{"sim-ups", "battery.current_a",
        [](const Plant& p, Indices, int) -> Value { return p.battery_current_a(); }},
    Row{"sim-ups", "battery.charge_pct",
        [](const Plant& p, Indices, int) -> Value { return p.charge_pct(); }},
    Row{"sim-ups", "battery.runtime_min",
        [](const Plant& p, Indices, int) -> Value { return p.runtime_min(); }},
    Row{"sim-ups", "battery.temperature_c",
        [](const Plant& p, Indices, int) -> Value { return p.mean_temperature_c(); }},
    Row{"sim-ups", "nominal.power_kw", [](const Plant& p, Indices, int) -> Value { return p.rated_kw(); }},

    Row{"sim-battery-monitor", "strings", [](const Plant&, Indices, int) -> Value { return Plant::strings; }},
    Row{"sim-battery-monitor", "string{s}.ambient_c",
        [](const Plant& p, Indices i, int) -> Value { return string_of(p, i).ambient_c(); }},
    Row{"sim-battery-monitor", "string{s}.voltage_v",
        [](const Plant& p, Indices i, int) -> Value { return string_of(p, i).voltage_v(); }},
    Row{"sim-battery-monitor", "string{s}.current_a",
        [](const Plant& p, Indices i, int) -> Value { return string_of(p, i).current_a(); }},
    Row{"sim-battery-monitor", "string{s}.jar{j}.voltage_v",
        [](const Plant& p, Indices i, int) -> Value { return jar_of(p, i).measured_voltage_v; }},
    Row{"sim-battery-monitor", "string{s}.jar{j}.temperature_c",
        [](const Plant& p, Indices i, int) -> Value { return jar_of(p, i).measured_temperature_c; }},
    Row{"sim-battery-monitor", "string{s}.jar{j}.internal_resistance_ohm", resistance_of},

    Row{"sim-bms", "state", [](const Plant& p, Indices, int) -> Value { return pack_state(p); }},
    Row{"sim-bms", "balancing", [](const Plant& p, Indices, int) -> Value { return p.pack().soc() > 0.98; }},
    Row{"sim-bms", "alarm.cell_overvoltage",
        [](const Plant& p, Indices, int) -> Value { return p.pack().cell_max_voltage_v() > 4.25; }},
    Row{"sim-bms", "alarm.cell_undervoltage",
        [](const Plant& p, Indices, int) -> Value { return p.pack().cell_min_voltage_v() < 3.0; }},
    Row{"sim-bms", "alarm.overtemperature",
        [](const Plant& p, Indices, int) -> Value { return p.pack().temperature_c() > 55; }},
    Row{"sim-bms", "pack.voltage_v",
        [](const Plant& p, Indices, int) -> Value { return p.pack().voltage_v(); }},
    Row{"sim-bms", "pack.current_a",
        [](const Plant& p, Indices, int) -> Value { return p.pack().current_a(); }},
    Row{"sim-bms", "pack.soc_pct",
        [](const Plant& p, Indices, int) -> Value { return 100 * p.pack().soc(); }},
    Row{"sim-bms", "pack.soh_pct",
        [](const Plant& p, Indices, int) -> Value { return 100 * p.pack().soh(); }},
    Row{"sim-bms", "pack.temperature_c",
        [](const Plant& p, Indices, int) -> Value { return p.pack().temperature_c(); }},
    Row{"sim-bms", "cell.max_voltage_v",
        [](const Plant& p, Indices, int) -> Value { return p.pack().cell_max_voltage_v(); }},
    Row{"sim-bms", "cell.min_voltage_v",
        [](const Plant& p, Indices, int) -> Value { return p.pack().cell_min_voltage_v(); }},
    Row{"sim-bms", "contactor.closed",
        [](const Plant& p, Indices, int) -> Value { return p.pack().available_kw() > 0; }},
    Row{"sim-bms", "cells", [](const Plant& p, Indices, int) -> Value { return p.pack().cells(); }},

    Row{"sim-inverter", "power_kw",
        [](const Plant& p, Indices, int) -> Value { return p.inverter().shown_kw(p.pack_power_kw()); }},
    Row{"sim-inverter", "charge_pct",
        [](const Plant& p, Indices, int) -> Value { return 100 * p.pack().soc(); }},

    Row{"sim-meter", "voltage_l1_v", phase_voltage<0>},
    Row{"sim-meter", "voltage_l2_v", phase_voltage<1>},
    Row{"sim-meter", "voltage_l3_v", phase_voltage<2>},
    Row{"sim-meter", "current_l1_a", phase_current<0>},
    Row{"sim-meter", "current_l2_a", phase_current<1>},
    Row{"sim-meter", "current_l3_a", phase_current<2>},
    Row{"sim-meter", "power_kw", [](const Plant& p, Indices, int m) -> Value { return p.meter(m).power_kw; }},
    Row{"sim-meter", "power_factor",
        [](const Plant& p, Indices, int m) -> Value { return p.meter(m).power_factor; }},
    Row{"sim-meter", "frequency_hz", [](const Plant& p, Indices, int m) { return frequency_of(p, m); }},
    Row{"sim-meter", "energy_import_kwh",
        [](const Plant& p, Indices, int m) -> Value { return p.meter(m).energy_import_kwh; }},
};
// NOLINTEND(readability-named-parameter,hicpp-named-parameter)

}  // namespace

Measure find_measure(std::string_view profile, std::string_view pattern) {
    const auto row = std::ranges::find_if(rows, [&](const Row& candidate) {
        return candidate.profile == profile && candidate.pattern == pattern;
    });
    return row != rows.end() ? row->measure : nullptr;
}

}  // namespace sitepower::sim
