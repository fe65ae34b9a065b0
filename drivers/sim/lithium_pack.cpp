#include "drivers/sim/lithium_pack.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "drivers/sim/curve.hpp"

namespace sitepower::sim {
namespace {

// estimation.md 2.2, NMC 18650-20R, mean of charge and discharge at C/20.
constexpr std::array<CurvePoint, 12> rest_cell_voltage_v{{{0, 3.05},
                                                          {0.05, 3.424},
                                                          {0.1, 3.462},
                                                          {0.2, 3.549},
                                                          {0.3, 3.598},
                                                          {0.4, 3.626},
                                                          {0.5, 3.661},
                                                          {0.6, 3.739},
                                                          {0.7, 3.824},
                                                          {0.8, 3.923},
                                                          {0.9, 4.034},
                                                          {1, 4.163}}};

constexpr double empty_soc = 0.03;  // where the BMS opens its contactor
constexpr double heat_capacity_j_per_k = 400'000;
constexpr double thermal_resistance_k_per_w = 0.03;

}  // namespace

double LithiumPack::rest_voltage_v() const {
    return parameters_.cells * interpolate(rest_cell_voltage_v, soc_);
}

double LithiumPack::voltage_v() const {
    return rest_voltage_v() + resistance_ohm() * current_a_;
}

double LithiumPack::available_kw() const {
    return soc_ > empty_soc ? parameters_.discharge_limit_kw : 0;
}

double LithiumPack::stored_kwh() const {
    return std::max(0.0, soc_ - empty_soc) * usable_ah() * parameters_.cells * 3.7 / 1000;
}

void LithiumPack::charge(double seconds) {
    const double headroom_v = parameters_.cells * parameters_.cell_limit_v - rest_voltage_v();
    step(seconds, std::clamp(headroom_v / resistance_ohm(), 0.0, parameters_.charge_limit_a));
}

void LithiumPack::charge(double seconds, double power_kw) {
    const double headroom_v = parameters_.cells * parameters_.cell_limit_v - rest_voltage_v();
    const double most_a =
        std::min(std::max(headroom_v, 0.0) / resistance_ohm(), power_kw * 1000 / rest_voltage_v());
    step(seconds, std::min(most_a, parameters_.charge_limit_a));
}

void LithiumPack::discharge(double seconds, double power_kw) {
    const auto current_a = discharge_current(rest_voltage_v(), resistance_ohm(), power_kw * 1000);
    step(seconds, current_a.value_or(0));
}

void LithiumPack::step(double seconds, double current_a) {
    current_a_ = current_a;
    soc_ += current_a * seconds / 3600 / usable_ah();
    const double settled_c =
        parameters_.ambient_c + current_a * current_a * resistance_ohm() * thermal_resistance_k_per_w;
    const double time_constant_s = heat_capacity_j_per_k * thermal_resistance_k_per_w;
    temperature_c_ += (settled_c - temperature_c_) * (1 - std::exp(-seconds / time_constant_s));
}

std::optional<double> discharge_current(double source_v, double resistance_ohm, double power_w) {
    // P = V * I with V = E - R * I: the solution with the higher voltage.
    const double discriminant = source_v * source_v - 4 * resistance_ohm * power_w;
    if (discriminant < 0) return std::nullopt;
    const double voltage_v = (source_v + std::sqrt(discriminant)) / 2;
    return -power_w / voltage_v;
}

}  // namespace sitepower::sim
