#include "core/battery/soc/counting/counting.hpp"

#include <algorithm>
#include <cmath>

#include "core/battery/chemistry.hpp"

namespace sitepower {
namespace {

double hours(Duration duration) {
    return static_cast<double>(duration.count()) / 3'600'000.0;
}

std::optional<double> temperature_of(const GroupSample& sample, std::size_t battery) {
    return sample.temperatures_c[battery] ? sample.temperatures_c[battery] : sample.ambient_c;
}

Estimate unknown(const GroupSample& sample, std::string_view reason) {
    return {.value = std::nullopt, .status = EstimateStatus::unknown, .reason = reason, .as_of = sample.time};
}

}  // namespace

CountingEstimator::CountingEstimator(const GroupSetup& setup, const CountingParameters& parameters)
    : setup_(setup), parameters_(parameters), counters_(setup.batteries) {}

void CountingEstimator::step(const GroupSample& sample, std::span<Estimate> soc_pct) {
    if (setup_.has_current_sensor && setup_.nominal_capacity_ah > 0) {
        // After a gap the value before it says nothing about what flowed in it.
        if (sample.elapsed > setup_.stale_after) {
            count_gap(sample.elapsed);
        } else if (sample.current_a) {
            count(*sample.current_a, sample.elapsed);
        } else {
            count_gap(sample.elapsed);
        }
        last_current_a_ = sample.current_a;
        anchor(sample);
    }
    for (std::size_t i = 0; i < soc_pct.size(); ++i) soc_pct[i] = estimate(sample, i);
}

void CountingEstimator::count_gap(Duration elapsed) {
    const double capacity = setup_.nominal_capacity_ah;
    for (Counter& counter : counters_) {
        counter.full_held = Duration::zero();
        if (!counter.known) continue;
        counter.gap = true;
        counter.sigma_ah =
            std::min(counter.sigma_ah + parameters_.gap_sigma_c * capacity * hours(elapsed), capacity);
    }
}

// The trapezoid between two samples; a single value is held over the time before it. sigma grows with
// offset * t + gain * |Ah| (estimation.md 2.3), and by the standard deviation of a uniform moment when the
// current stepped in between.
void CountingEstimator::count(double current_a, Duration elapsed) {
    const double capacity = setup_.nominal_capacity_ah;
    const double before_a = last_current_a_.value_or(current_a);
    const double added_ah = (before_a + current_a) / 2 * hours(elapsed);
    const double gain = added_ah > 0
                            ? parameters_.gain_sigma + parameters_of(setup_.chemistry).charge_gain_sigma
                            : parameters_.gain_sigma;
    double sigma_ah = parameters_.offset_sigma_c * capacity * hours(elapsed) + gain * std::abs(added_ah);
    const double step_a = std::abs(current_a - before_a);
    if (step_a > parameters_.step_c * capacity) sigma_ah += step_a * hours(elapsed) / std::sqrt(12.0);
    for (Counter& counter : counters_) {
        if (!counter.known) continue;
        // Charging overcounts near full: the state of charge stops at 1 and is anchored, not integrated.
        const double missing_ah = counter.missing_ah - added_ah;
        counter.overdrawn = missing_ah > capacity;
        counter.missing_ah = std::clamp(missing_ah, 0.0, capacity);
        counter.sigma_ah = std::min(counter.sigma_ah + sigma_ah, capacity);
    }
}

void CountingEstimator::anchor(const GroupSample& sample) {
    const bool on_float = string_is_on_float(sample);
    for (std::size_t i = 0; i < counters_.size(); ++i) {
        Counter& counter = counters_[i];
        if (!looks_full(sample, i, on_float)) {
            counter.full_held = Duration::zero();
            continue;
        }
        // A gap does not count as time at full charge.
        const bool gap = sample.elapsed > setup_.stale_after;
        counter.full_held =
            std::min(counter.full_held + (gap ? Duration::zero() : sample.elapsed), full_after());
        if (counter.full_held < full_after()) continue;
        counter = {.known = true,
                   .missing_ah = 0,
                   .sigma_ah = parameters_.anchor_sigma * setup_.nominal_capacity_ah,
                   .full_held = counter.full_held};
    }
}

Duration CountingEstimator::full_after() const {
    return is_lithium(setup_.chemistry) ? parameters_.lithium_held : setup_.float_full_after;
}

double CountingEstimator::float_voltage_of(const GroupSample& sample, std::size_t battery) const {
    return float_voltage_v(setup_.chemistry, setup_.nominal_voltage_v, setup_.float_voltage_v,
                           temperature_of(sample, battery));
}

// Per battery on average: the charger holds the string's voltage, the jars share it unevenly.
bool CountingEstimator::string_is_on_float(const GroupSample& sample) const {
    if (!sample.current_a || is_lithium(setup_.chemistry)) return false;
    if (std::abs(*sample.current_a) >= parameters_.float_tail_c * setup_.nominal_capacity_ah) return false;
    double deviation_v = 0;
    int known = 0;
    for (std::size_t i = 0; i < counters_.size(); ++i) {
        if (!sample.voltages_v[i]) continue;
        deviation_v += *sample.voltages_v[i] - float_voltage_of(sample, i);
        ++known;
    }
    const double tolerance_v = parameters_.float_tolerance_v * setup_.nominal_voltage_v / 12;
    return known > 0 && std::abs(deviation_v / known) < tolerance_v;
}

bool CountingEstimator::looks_full(const GroupSample& sample, std::size_t battery, bool on_float) const {
    const auto& voltage_v = sample.voltages_v[battery];
    if (!sample.current_a || !voltage_v) return false;
    if (!is_lithium(setup_.chemistry)) {
        const double tolerance_v = parameters_.battery_tolerance_v * setup_.nominal_voltage_v / 12;
        return on_float && std::abs(*voltage_v - float_voltage_of(sample, battery)) < tolerance_v;
    }
    // A pack is charged to its float voltage where the site gives a plausible one, else to the cells' limit.
    const auto& chemistry = parameters_of(setup_.chemistry);
    const double cells = cells_of(setup_.chemistry, setup_.nominal_voltage_v);
    const bool plausible = setup_.float_voltage_v > cells * chemistry.nominal_cell_v &&
                           setup_.float_voltage_v <= cells * chemistry.highest_cell_v;
    const double full_v = plausible ? setup_.float_voltage_v : cells * chemistry.highest_cell_v;
    const double tail_a = parameters_.lithium_tail_c * setup_.nominal_capacity_ah;
    return *voltage_v >= full_v - cells * parameters_.lithium_tolerance_v &&
           *sample.current_a<tail_a&& * sample.current_a> - tail_a / 10;
}

Estimate CountingEstimator::estimate(const GroupSample& sample, std::size_t battery) const {
    if (!setup_.has_current_sensor) return unknown(sample, "no_current_sensor");
    if (setup_.nominal_capacity_ah <= 0) return unknown(sample, "no_nominal_capacity");
    if (!sample.current_a) return unknown(sample, "stale_input");
    const Counter& counter = counters_[battery];
    if (!counter.known) return unknown(sample, "no_full_charge_reference");
    const double capacity =
        capacity_ah(setup_.chemistry, setup_.nominal_capacity_ah, temperature_of(sample, battery));
    const double missing = std::min(counter.missing_ah / capacity, 1.0);
    const double sigma =
        std::hypot(counter.sigma_ah / capacity, parameters_of(setup_.chemistry).capacity_sigma * missing);
    if (sigma > parameters_.unknown_above) return unknown(sample, "no_full_charge_reference");

    Estimate result{.value = 100 * (1 - missing), .sigma = 100 * sigma, .as_of = sample.time};
    result.status = EstimateStatus::degraded;
    if (counter.overdrawn) {
        result.reason = "out_of_model_range";
    } else if (counter.gap) {
        result.reason = "stale_input";
    } else if (sigma > parameters_.degraded_above) {
        result.reason = "no_full_charge_reference";
    } else {
        result.status = EstimateStatus::ok;
        const bool anchored = counter.full_held >= full_after();
        if (anchored) result.reason = is_lithium(setup_.chemistry) ? "full_charge_anchor" : "float_anchor";
    }
    return result;
}

// After a restart the charge in memory is as old as the first sample's elapsed time; a short absence is held
// over like a missed poll.
ChargeMemory CountingEstimator::memory(std::size_t battery) const {
    const Counter& counter = counters_[battery];
    ChargeMemory memory{std::nullopt, counter.sigma_ah, counter.full_held, counter.gap};
    if (counter.known) memory.charge_ah = setup_.nominal_capacity_ah - counter.missing_ah;
    return memory;
}

void CountingEstimator::restore(std::size_t battery, const ChargeMemory& memory) {
    Counter& counter = counters_[battery];
    counter = {};
    counter.full_held = std::max(memory.full_charge_held, Duration::zero());
    if (!memory.charge_ah || !std::isfinite(*memory.charge_ah) || !std::isfinite(memory.sigma_ah)) return;
    counter.known = true;
    counter.gap = memory.has_gap;
    counter.missing_ah =
        std::clamp(setup_.nominal_capacity_ah - *memory.charge_ah, 0.0, setup_.nominal_capacity_ah);
    counter.sigma_ah = std::clamp(memory.sigma_ah, 0.0, setup_.nominal_capacity_ah);
}

std::unique_ptr<SocEstimator> make_counting_estimator(const GroupSetup& setup) {
    return std::make_unique<CountingEstimator>(setup);
}

}  // namespace sitepower
