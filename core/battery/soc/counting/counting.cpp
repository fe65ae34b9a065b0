#include "core/battery/soc/counting/counting.hpp"

#include <algorithm>
#include <cmath>

#include "core/battery/chemistry.hpp"

namespace sitepower {
namespace {

double hours(Duration duration) {
    return static_cast<double>(duration.count()) / 3'600'000.0;
}

Estimate unknown(const GroupSample& sample, std::string_view reason) {
    return {.value = std::nullopt, .status = EstimateStatus::unknown, .reason = reason, .as_of = sample.time};
}

}  // namespace

CountingEstimator::CountingEstimator(const GroupSetup& setup, const CountingParameters& parameters)
    : setup_(setup), parameters_(parameters), full_charge_(setup), counters_(setup.batteries) {}

void CountingEstimator::step(const GroupSample& sample, std::span<Estimate> soc_pct) {
    for (std::size_t i = 0; i < sample.capacities.size(); ++i)
        counters_[i].share = sample.capacities[i].share;
    if (setup_.has_current_sensor && setup_.nominal_capacity_ah > 0) {
        // After a gap the value before it says nothing about what flowed in it.
        if (sample.elapsed <= setup_.stale_after && sample.current_a) {
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
        const double held_ah = capacity * counter.share;
        counter.overdrawn = missing_ah > held_ah;
        counter.missing_ah = std::clamp(missing_ah, 0.0, held_ah);
        counter.sigma_ah = std::min(counter.sigma_ah + sigma_ah, capacity);
    }
}

void CountingEstimator::anchor(const GroupSample& sample) {
    full_charge_.step(sample);
    for (std::size_t i = 0; i < counters_.size(); ++i) {
        if (!full_charge_.is_full(i)) continue;
        counters_[i] = {.known = true,
                        .share = counters_[i].share,
                        .missing_ah = 0,
                        .sigma_ah = parameters_.anchor_sigma * setup_.nominal_capacity_ah};
    }
}

Estimate CountingEstimator::estimate(const GroupSample& sample, std::size_t battery) const {
    if (!setup_.has_current_sensor) return unknown(sample, "no_current_sensor");
    if (setup_.nominal_capacity_ah <= 0) return unknown(sample, "no_nominal_capacity");
    if (!sample.current_a) return unknown(sample, "stale_input");
    const Counter& counter = counters_[battery];
    if (!counter.known) return unknown(sample, "no_full_charge_reference");
    const CapacityShare of_new = sample.capacities.empty() ? CapacityShare{} : sample.capacities[battery];
    const double capacity =
        of_new.share * setup_.nominal_capacity_ah *
        share_at_temperature(setup_.model.get(), setup_.chemistry, temperature_of(sample, battery));
    const double missing = std::min(counter.missing_ah / capacity, 1.0);
    const double capacity_sigma =
        of_new.sigma > 0 ? of_new.sigma : parameters_of(setup_.chemistry).capacity_sigma;
    const double sigma = std::hypot(counter.sigma_ah / capacity, capacity_sigma * missing);
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
        if (full_charge_.is_full(battery)) result.reason = full_charge_.reason();
    }
    return result;
}

// After a restart the charge in memory is as old as the first sample's elapsed time; a short absence is held
// over like a missed poll.
ChargeMemory CountingEstimator::memory(std::size_t battery) const {
    const Counter& counter = counters_[battery];
    ChargeMemory memory;
    memory.sigma_ah = counter.sigma_ah;
    memory.full_charge_held = full_charge_.held(battery);
    memory.has_gap = counter.gap;
    if (counter.known) memory.charge_ah = setup_.nominal_capacity_ah - counter.missing_ah;
    return memory;
}

void CountingEstimator::restore(std::size_t battery, const ChargeMemory& memory) {
    Counter& counter = counters_[battery];
    counter = {};
    full_charge_.restore(battery, memory.full_charge_held);
    if (!memory.charge_ah || !std::isfinite(*memory.charge_ah) || !std::isfinite(memory.sigma_ah)) return;
    counter.known = true;
    counter.gap = memory.has_gap;
    counter.missing_ah =
        std::clamp(setup_.nominal_capacity_ah - *memory.charge_ah, 0.0, 2 * setup_.nominal_capacity_ah);
    counter.sigma_ah = std::clamp(memory.sigma_ah, 0.0, setup_.nominal_capacity_ah);
}

std::unique_ptr<SocEstimator> make_counting_estimator(const GroupSetup& setup) {
    return std::make_unique<CountingEstimator>(setup);
}

}  // namespace sitepower
