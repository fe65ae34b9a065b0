#include "core/site/capacity_watch.hpp"

#include <algorithm>
#include <cmath>

#include "core/battery/chemistry.hpp"
#include "core/battery/model/cell_model.hpp"

namespace sitepower {
namespace {

// 1.75 V per cell, the usual end of a test of lead-acid at rates of hours (estimation.md section 6).
constexpr double lead_acid_end_v = 10.5 / 12;

double seconds_in(Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

}  // namespace

CapacityWatch::CapacityWatch(const SiteModel& model) : model_(model), discharges_(model.strings.size()) {}

std::optional<double> CapacityWatch::end_voltage_v(const StringModel& string) {
    if (!is_lithium(string.chemistry)) return lead_acid_end_v * string.nominal_voltage_v;
    if (!string.cell_model) return std::nullopt;
    const auto& parameters = string.cell_model->parameters();
    const CellScale scale = scale_to(parameters, string.nominal_voltage_v, string.nominal_capacity_ah);
    return parameters.limits.cutoff_v * scale.voltage;
}

double CapacityWatch::rate_c(const CapacityTest& test, Duration lasted) {
    const double hours = seconds_in(lasted) / 3600;
    return hours > 0 && test.rated_ah > 0 ? test.delivered_ah / hours / test.rated_ah : 0;
}

bool CapacityWatch::is_too_fast(Chemistry chemistry, const CapacityTest& test, Duration lasted) {
    return !is_lithium(chemistry) && rate_c(test, lasted) > highest_lead_acid_c;
}

bool CapacityWatch::wants_plan(StringIndex string, const Batteries& batteries) const {
    const StringModel& of = model_.strings[position(string)];
    return of.current_a && of.nominal_capacity_ah > 0 &&
           batteries.view(string).mode == StringMode::discharging;
}

void CapacityWatch::begin(StringIndex string, const Batteries& batteries, const Moment& moment) {
    Discharge& discharge = discharges_[position(string)].emplace();
    discharge.began = discharge.updated = discharge.flowed = moment.elapsed;
    for (const BatteryIndex battery : model_.strings[position(string)].batteries) {
        const Estimate& soc_pct = batteries.batteries()[position(battery)].soc_pct;
        discharge.batteries.push_back({.was_full = soc_pct.value && *soc_pct.value >= least_soc_pct});
    }
}

void CapacityWatch::update(StringIndex string, const Batteries& batteries, const std::vector<bool>& planned,
                           const Moment& moment, std::vector<MeasuredTest>& ended) {
    auto& discharge = discharges_[position(string)];
    const bool flows = wants_plan(string, batteries);
    if (!discharge) {
        if (flows) begin(string, batteries, moment);
        if (!discharge) return;
    }
    for (std::size_t place = 0; flows && place < planned.size(); ++place) {
        if (planned[place]) discharge->batteries[place].is_planned = true;
    }
    follow(*discharge, string, batteries, moment);
    if (flows) {
        discharge->flowed = moment.elapsed;
        discharge->delivered_by_flowed_ah = discharge->delivered_ah;
    }
    if (moment.elapsed - discharge->flowed < rest) return;
    report(*discharge, string, moment, ended);
    discharge.reset();
}

void CapacityWatch::follow(Discharge& discharge, StringIndex string, const Batteries& batteries,
                           const Moment& moment) const {
    const Duration elapsed = moment.elapsed - discharge.updated;
    const auto& current_a = batteries.strings()[position(string)].current_a.value;
    if (elapsed > longest_gap) discharge.has_gap = true;
    // Without a current nothing is counted until there is one again.
    if (!current_a) return;
    discharge.updated = moment.elapsed;
    discharge.delivered_ah += std::max(-*current_a, 0.0) * seconds_in(elapsed) / 3600;
    const auto end_v = end_voltage_v(model_.strings[position(string)]);
    const auto& members = model_.strings[position(string)].batteries;
    for (std::size_t place = 0; place < members.size(); ++place) {
        Tested& tested = discharge.batteries[place];
        if (tested.ended_after) continue;
        if (const auto temperature_c = batteries.temperature_of(members[place])) {
            tested.temperature_sum += *temperature_c * seconds_in(elapsed);
            tested.temperature_s += seconds_in(elapsed);
        }
        const Measurement& voltage_v = batteries.batteries()[position(members[place])].voltage_v;
        if (!voltage_v.value || !end_v || *voltage_v.value > *end_v) {
            tested.below_since.reset();
            continue;
        }
        if (!tested.below_since) {
            tested.below_since = voltage_v.time;
            tested.below_after = moment.elapsed - discharge.began;
            tested.below_ah = discharge.delivered_ah;
        }
        // Another measurement says so, too: one alone may be the dip at the beginning.
        if (voltage_v.time - *tested.below_since < below_for) continue;
        tested.ended_after = tested.below_after;
        tested.ended_ah = tested.below_ah;
    }
}

void CapacityWatch::report(const Discharge& discharge, StringIndex string, const Moment& moment,
                           std::vector<MeasuredTest>& ended) const {
    const StringModel& of = model_.strings[position(string)];
    if (discharge.delivered_by_flowed_ah < least_share * of.nominal_capacity_ah) return;
    for (std::size_t place = 0; place < of.batteries.size(); ++place) {
        const Tested& tested = discharge.batteries[place];
        if (!tested.is_planned) continue;
        MeasuredTest measured{.battery = of.batteries[place]};
        const bool is_empty = tested.ended_after.has_value();
        measured.lasted = is_empty ? *tested.ended_after : discharge.flowed - discharge.began;
        measured.test = {.time = moment.wall - (moment.elapsed - discharge.began) + measured.lasted,
                         .delivered_ah = is_empty ? tested.ended_ah : discharge.delivered_by_flowed_ah,
                         .rated_ah = of.nominal_capacity_ah,
                         .reached_end_voltage = is_empty};
        if (tested.temperature_s > 0) {
            measured.test.temperature_c = tested.temperature_sum / tested.temperature_s;
        }
        if (discharge.has_gap) {
            measured.flaw = "stale_input";
        } else if (is_too_fast(of.chemistry, measured.test, measured.lasted)) {
            measured.flaw = "out_of_model_range";
        } else if (!tested.was_full) {
            measured.flaw = "no_full_charge_reference";
        } else if (!is_empty) {
            measured.flaw = "end_voltage_not_reached";
        }
        ended.push_back(measured);
    }
}

std::size_t CapacityWatch::place_of(BatteryIndex battery) const {
    const auto& members = model_.strings[position(model_.batteries[position(battery)].string)].batteries;
    return static_cast<std::size_t>(std::ranges::find(members, battery) - members.begin());
}

std::optional<DischargeMemory> CapacityWatch::memory(BatteryIndex battery, const Moment& moment) const {
    const auto& discharge = discharges_[position(model_.batteries[position(battery)].string)];
    if (!discharge) return std::nullopt;
    const Tested& tested = discharge->batteries[place_of(battery)];
    return DischargeMemory{.as_of = moment.wall - (moment.elapsed - discharge->updated),
                           .lasted = discharge->flowed - discharge->began,
                           .rested = discharge->updated - discharge->flowed,
                           .delivered_ah = discharge->delivered_ah,
                           .delivered_by_flowed_ah = discharge->delivered_by_flowed_ah,
                           .has_gap = discharge->has_gap,
                           .is_planned = tested.is_planned,
                           .was_full = tested.was_full,
                           .below_since = tested.below_since,
                           .below_after = tested.below_after,
                           .below_ah = tested.below_ah,
                           .ended_after = tested.ended_after,
                           .ended_ah = tested.ended_ah,
                           .temperature_sum = tested.temperature_sum,
                           .temperature_s = tested.temperature_s};
}

// All batteries of the string tell the same of it.
void CapacityWatch::restore(BatteryIndex battery, const DischargeMemory& memory, const Moment& moment) {
    const bool is_sound = memory.lasted >= Duration::zero() && memory.rested >= Duration::zero() &&
                          std::isfinite(memory.delivered_ah) &&
                          std::isfinite(memory.delivered_by_flowed_ah) && std::isfinite(memory.below_ah) &&
                          std::isfinite(memory.ended_ah) && std::isfinite(memory.temperature_sum) &&
                          std::isfinite(memory.temperature_s);
    if (!is_sound) return;
    const StringIndex string = model_.batteries[position(battery)].string;
    auto& discharge = discharges_[position(string)];
    if (!discharge) {
        discharge.emplace().batteries.resize(model_.strings[position(string)].batteries.size());
    }
    // Since a clock that was set back the time is not known.
    const bool age_is_known = moment.wall >= memory.as_of;
    const Duration age = age_is_known ? moment.wall - memory.as_of : Duration::zero();
    discharge->updated = moment.elapsed - age;
    discharge->began = discharge->updated - memory.rested - memory.lasted;
    // After a short absence the devices get the time to answer; after a long one it is over.
    discharge->flowed = (age <= longest_gap ? moment.elapsed : discharge->updated) - memory.rested;
    discharge->delivered_ah = memory.delivered_ah;
    discharge->delivered_by_flowed_ah = memory.delivered_by_flowed_ah;
    discharge->has_gap = memory.has_gap || !age_is_known;
    discharge->batteries[place_of(battery)] = {.is_planned = memory.is_planned,
                                               .was_full = memory.was_full,
                                               .below_since = memory.below_since,
                                               .below_after = memory.below_after,
                                               .below_ah = memory.below_ah,
                                               .ended_after = memory.ended_after,
                                               .ended_ah = memory.ended_ah,
                                               .temperature_sum = memory.temperature_sum,
                                               .temperature_s = memory.temperature_s};
}

}  // namespace sitepower
