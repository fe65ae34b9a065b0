#include "core/battery/soc/full_charge.hpp"

#include <algorithm>
#include <cmath>

#include "core/battery/chemistry.hpp"

namespace sitepower {

FullChargeWatch::FullChargeWatch(const GroupSetup& setup, const FullChargeParameters& parameters)
    : setup_(setup),
      parameters_(parameters),
      needed_(is_lithium(setup.chemistry) ? parameters.lithium_held : setup.float_full_after),
      held_(setup.batteries) {}

void FullChargeWatch::step(const GroupSample& sample) {
    const bool gap = !sample.current_a || sample.elapsed > setup_.stale_after;
    if (gap) return pause(sample.elapsed);
    paused_ = Duration::zero();
    const bool on_float = string_is_on_float(sample);
    for (std::size_t i = 0; i < held_.size(); ++i) {
        const bool goes_on = looks_full(sample, i, on_float);
        held_[i] = goes_on ? std::min(held_[i] + sample.elapsed, needed_) : Duration::zero();
    }
}

// Whether it still looks full the next sample shows.
void FullChargeWatch::pause(Duration time) {
    paused_ += time;
    const bool is_long = paused_ > parameters_.longest_pause;
    for (Duration& held : held_) held = is_long ? Duration::zero() : std::min(held, needed_ - Duration{1});
}

void FullChargeWatch::restore(std::size_t battery, Duration held) {
    held_[battery] = std::clamp(held, Duration::zero(), needed_);
}

std::string_view FullChargeWatch::reason() const {
    return is_lithium(setup_.chemistry) ? "full_charge_anchor" : "float_anchor";
}

double FullChargeWatch::float_voltage_of(const GroupSample& sample, std::size_t battery) const {
    return float_voltage_v(setup_.chemistry, setup_.nominal_voltage_v, setup_.float_voltage_v,
                           temperature_of(sample, battery));
}

// Per battery on average: the charger holds the string's voltage, the jars share it unevenly.
bool FullChargeWatch::string_is_on_float(const GroupSample& sample) const {
    if (!sample.current_a || is_lithium(setup_.chemistry)) return false;
    if (std::abs(*sample.current_a) >= parameters_.float_tail_c * setup_.nominal_capacity_ah) return false;
    double deviation_v = 0;
    int known = 0;
    for (std::size_t i = 0; i < held_.size(); ++i) {
        if (!sample.voltages_v[i]) continue;
        deviation_v += *sample.voltages_v[i] - float_voltage_of(sample, i);
        ++known;
    }
    const double tolerance_v = parameters_.float_tolerance_v * setup_.nominal_voltage_v / 12;
    return known > 0 && std::abs(deviation_v / known) < tolerance_v;
}

bool FullChargeWatch::looks_full(const GroupSample& sample, std::size_t battery, bool on_float) const {
    const auto& voltage_v = sample.voltages_v[battery];
    if (!sample.current_a || !voltage_v) return false;
    if (is_lithium(setup_.chemistry)) return lithium_looks_full(*voltage_v, *sample.current_a);
    const double tolerance_v = parameters_.battery_tolerance_v * setup_.nominal_voltage_v / 12;
    return on_float && std::abs(*voltage_v - float_voltage_of(sample, battery)) < tolerance_v;
}

// A float voltage no further above the nominal one is that one, as where the site gives none.
constexpr double least_above_nominal_v = 0.05;

// A pack is charged to its float voltage where the site gives a plausible one, else to the cells' limit.
bool FullChargeWatch::lithium_looks_full(double voltage_v, double current_a) const {
    const auto& chemistry = parameters_of(setup_.chemistry);
    const double cells = cells_of(setup_.chemistry, setup_.nominal_voltage_v);
    const bool plausible =
        setup_.float_voltage_v > cells * (chemistry.nominal_cell_v + least_above_nominal_v) &&
        setup_.float_voltage_v <= cells * chemistry.highest_cell_v;
    const double full_v = plausible ? setup_.float_voltage_v : cells * chemistry.highest_cell_v;
    const double tail_a = parameters_.lithium_tail_c * setup_.nominal_capacity_ah;
    return voltage_v >= full_v - cells * parameters_.lithium_tolerance_v && current_a < tail_a &&
           current_a > -tail_a / 10;
}

}  // namespace sitepower
