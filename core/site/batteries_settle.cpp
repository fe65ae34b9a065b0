// How a string is brought up to date after some of its measurements have changed.
#include <algorithm>
#include <cmath>

#include "core/battery/chemistry.hpp"
#include "core/battery/median.hpp"
#include "core/site/batteries.hpp"
#include "core/site/measuring.hpp"

namespace sitepower {
namespace {

// Of a percentage that a battery's own management system reports; it does not say (engineering default).
constexpr double reported_sigma_pct = 5;

// Engineering defaults, relative: of a health however sure of itself, of a resistance that is measured over
// its baseline (the instrument's 3 %, and what the baseline differs from the model), of one that is not.
constexpr double least_health_sigma = 0.02;
constexpr double measured_resistance_sigma = 0.1;
constexpr double unknown_resistance_sigma = 0.2;

// A monitor may be so late to see what its UPS sees (engineering default).
constexpr Duration longest_contradiction{60'000};

Estimate as_reported(const Measurement& reported) {
    if (!reported.value) return unknown_estimate(reported.reason, reported.time);
    if (*reported.value < 0 || *reported.value > 100) {
        return unknown_estimate("out_of_model_range", reported.time);
    }
    return {reported.value, reported_sigma_pct, EstimateStatus::degraded, reported_by_bms, reported.time};
}

}  // namespace

void Batteries::settle(StringIndex string, std::optional<bool> ups_on_battery, const Moment& moment) {
    const auto index = position(string);
    Group& group = groups_[index];
    compare_voltages(index);
    compare_temperatures(index);
    const ModeEvidence evidence = mode_evidence(index, ups_on_battery);
    group.view.mode = judge_mode(model_.strings[index], evidence);
    group.view.is_at_charger = is_at_charger(model_.strings[index], evidence);
    if (group.view.new_resistances) {
        compare_resistances(index);
        read_resistances(index, moment);
    }
    if (group.current_is_new) watch_current(index, ups_on_battery, moment);
    publish_estimates(index);
    judge_string_soc(index);
}

ModeEvidence Batteries::mode_evidence(std::size_t string, std::optional<bool> ups_on_battery) const {
    const StringModel& model = model_.strings[string];
    const Group& group = groups_[string];
    const auto temperature_c = temperature_of(static_cast<StringIndex>(string));
    return {.current_a = strings_[string].current_a.value,
            .ups_on_battery = ups_on_battery,
            .median_voltage_v = group.view.median_voltage_v,
            .float_voltage_v = float_voltage_v(model.chemistry, model.nominal_voltage_v,
                                               model.float_voltage_v, temperature_c)};
}

// A string that charges while its UPS runs on battery: the sign is reversed, or the transducer broken. Such a
// current is not counted; what it was nobody knows.
void Batteries::watch_current(std::size_t string, std::optional<bool> ups_on_battery, const Moment& moment) {
    Group& group = groups_[string];
    const double small_a = model_.strings[string].nominal_capacity_ah / 50;
    const bool charges = small_a > 0 && strings_[string].current_a.value.value_or(0) > small_a;
    group.current_is_new = false;
    if (!charges || !ups_on_battery.value_or(false)) {
        group.contradicted_since.reset();
        step_estimator(string, true, moment);
        return;
    }
    if (!group.contradicted_since) group.contradicted_since = moment.steady;
    if (moment.steady - *group.contradicted_since < longest_contradiction) return;
    step_estimator(string, false, moment);
    for (Estimate& soc : group.counted_soc) soc = unknown_estimate("sensor_fault", group.current_time);
}

void Batteries::step_estimator(std::size_t string, bool believes_current, const Moment& moment) {
    Group& group = groups_[string];
    const auto& batteries = model_.strings[string].batteries;
    for (std::size_t place = 0; place < batteries.size(); ++place) {
        const auto measured = measured_capacity(batteries[place]);
        // At the first step after a start the health is not estimated yet: what is remembered holds.
        const bool is_estimated = batteries_[position(batteries[place])].soh_pct.as_of != Time{};
        if (measured) {
            group.capacities[place] = {measured->share, measured->sigma / measured->share};
        } else if (is_estimated) {
            group.capacities[place] = {};
        }
    }
    const Duration age = plausible_age(moment, group.current_time);
    const Time at = std::max(moment.elapsed - age, group.sampled ? group.sampled_at : Time::min());
    const GroupSample sample{.time = group.current_time,
                             .elapsed = group.sampled ? at - group.sampled_at : Duration::zero(),
                             .current_a = believes_current ? strings_[string].current_a.value : std::nullopt,
                             .voltages_v = group.voltages_v,
                             .voltages_are_new = group.voltages_are_new,
                             .temperatures_c = group.temperatures_c,
                             .capacities = group.capacities,
                             .ambient_c = group.ambient_c};
    group.sampled = true;
    group.sampled_at = at;
    group.charge_as_of = moment.wall - age;
    group.estimator->step(sample, group.counted_soc);
    std::ranges::fill(group.voltages_are_new, 0);
}

Estimate Batteries::reported_soh_pct(BatteryIndex battery) const {
    return as_reported(reported_[position(battery)].soh_pct);
}

// A battery's own management system knows more of it than its current tells, but not how well it knows it.
void Batteries::publish_estimates(std::size_t string) {
    const auto& batteries = model_.strings[string].batteries;
    for (std::size_t place = 0; place < batteries.size(); ++place) {
        const auto index = position(batteries[place]);
        BatteryState& state = batteries_[index];
        const Reported& reported = reported_[index];
        state.soc_pct =
            reported.soc_pct.value ? as_reported(reported.soc_pct) : groups_[string].counted_soc[place];
    }
}

void Batteries::compare_voltages(std::size_t string) {
    const auto& batteries = model_.strings[string].batteries;
    StringState& state = strings_[string];
    StringView& view = groups_[string].view;
    scratch_.clear();
    state.weakest.reset();
    double lowest_v = 0;
    for (const BatteryIndex battery : batteries) {
        const auto& voltage_v = batteries_[position(battery)].voltage_v;
        if (!voltage_v.value) continue;
        scratch_.push_back(*voltage_v.value);
        if (!state.weakest || *voltage_v.value < lowest_v) {
            state.weakest = battery;
            lowest_v = *voltage_v.value;
        }
    }
    view.known_voltages = scratch_.size();
    view.median_voltage_v = median_of(scratch_);
    state.voltage_imbalance_v.value.reset();
    if (scratch_.size() < 2) {
        const bool single = batteries.size() < 2;
        state.voltage_imbalance_v.reason =
            single ? "single_battery" : batteries_[position(batteries.front())].voltage_v.reason;
        if (state.voltage_imbalance_v.reason.empty()) state.voltage_imbalance_v.reason = stale_input;
        view.median_distance_v = 0;
        return;
    }
    double largest_v = 0;
    for (double& voltage_v : scratch_) {
        voltage_v = std::abs(voltage_v - *view.median_voltage_v);
        largest_v = std::max(largest_v, voltage_v);
    }
    view.median_distance_v = median_of(scratch_).value_or(0);
    // Told to the microvolt: no meter gives more, and the difference of two readings ends in noise.
    state.voltage_imbalance_v = {std::round(largest_v * 1e6) / 1e6, "",
                                 batteries_[position(*state.weakest)].voltage_v.time};
}

void Batteries::compare_temperatures(std::size_t string) {
    StringView& view = groups_[string].view;
    scratch_.clear();
    for (const auto& temperature_c : groups_[string].temperatures_c) {
        if (temperature_c) scratch_.push_back(*temperature_c);
    }
    view.known_temperatures = scratch_.size();
    view.median_temperature_c = median_of(scratch_);
}

void Batteries::compare_resistances(std::size_t string) {
    StringView& view = groups_[string].view;
    scratch_.clear();
    for (const BatteryIndex battery : model_.strings[string].batteries) {
        const auto& resistance = batteries_[position(battery)].internal_resistance_ohm;
        if (resistance.value && *resistance.value > 0) scratch_.push_back(*resistance.value);
    }
    view.known_resistances = scratch_.size();
    view.median_resistance_ohm = median_of(scratch_);
}

void Batteries::read_resistances(std::size_t string, const Moment& moment) {
    for (const BatteryIndex battery : model_.strings[string].batteries) {
        const auto index = position(battery);
        resistance_measured_[index] = 0;
        if (resistance_is_new_[index] == 0) continue;
        resistance_is_new_[index] = 0;
        const Measurement& measured = batteries_[index].internal_resistance_ohm;
        Estimate& ratio = batteries_[index].resistance_ratio;
        if (!measured.value || !(*measured.value > 0)) {
            ratio = unknown_estimate(measured.value ? "out_of_model_range" : measured.reason, measured.time);
            continue;
        }
        const bool on_float = groups_[string].view.is_at_charger;
        resistance_measured_[index] =
            readings_[index].take(*measured.value, on_float, moment.elapsed) ? 1 : 0;
        if (on_float && readings_[index].is_of_float()) {
            const ResistanceReading reading{*measured.value, temperature_of(battery), measured.time,
                                            moment.elapsed};
            baselines_[index].learn(reading);
            ratio = since_new(baselines_[index].ratio(reading), battery);
        } else if (!ratio.value) {
            const bool is_learnt = baselines_[index].baseline_ohm().has_value();
            ratio =
                unknown_estimate(is_learnt ? "out_of_model_range" : "no_baseline_resistance", measured.time);
        }
    }
}

// A baseline of a battery that was not new, or of unknown age, tells of what has risen since only.
Estimate Batteries::since_new(Estimate ratio, BatteryIndex battery) const {
    const auto& installed = model_.batteries[position(battery)].installed_date;
    const auto& learnt_until = baselines_[position(battery)].learnt_until();
    const bool was_new =
        installed && learnt_until && *learnt_until - *installed <= ResistanceBaseline::longest_new;
    if (ratio.status != EstimateStatus::ok || was_new) return ratio;
    ratio.status = EstimateStatus::degraded;
    ratio.reason = installed ? "no_baseline_resistance" : "no_install_date";
    return ratio;
}

// Of health that has been measured, or told by the battery; a prior alone is none.
std::optional<CapacityBelief> Batteries::measured_capacity(BatteryIndex battery) const {
    const Estimate& soh = batteries_[position(battery)].soh_pct;
    const bool is_measured =
        soh.value && (soh.status == EstimateStatus::ok || soh.status == EstimateStatus::degraded);
    if (!is_measured || !(*soh.value > 0)) return std::nullopt;
    return CapacityBelief{*soh.value / 100, std::max(soh.sigma / 100, least_health_sigma)};
}

std::vector<DischargeBelief> Batteries::discharge_beliefs(StringIndex string) const {
    const StringModel& model = model_.strings[position(string)];
    const Estimate& lowest = strings_[position(string)].soc_pct;
    if (!model.cell_model) return {{.reason = "no_battery_file"}};
    if (!lowest.value) return {{.reason = lowest.reason}};
    if (model.batteries.empty()) return {{.reason = "no_sensor"}};
    // All are known, else the string's were not.
    const auto left = [&](BatteryIndex battery) {
        const auto measured = measured_capacity(battery);
        return *batteries_[position(battery)].soc_pct.value * (measured ? measured->share : 1);
    };
    const auto resistance = [&](BatteryIndex battery) { return resistance_factor(battery).value_or(0); };
    const auto emptiest = std::ranges::min_element(model.batteries, {}, left);
    const auto stiffest = std::ranges::max_element(model.batteries, {}, resistance);
    std::vector<DischargeBelief> beliefs{belief_of(string, *emptiest)};
    if (resistance(*stiffest) > resistance(*emptiest)) beliefs.push_back(belief_of(string, *stiffest));
    return beliefs;
}

// Over its baseline; empty where that is not known. One that has risen since an unknown beginning has risen.
std::optional<double> Batteries::resistance_factor(BatteryIndex battery) const {
    const Estimate& ratio = batteries_[position(battery)].resistance_ratio;
    const bool is_known = ratio.value && (ratio.status == EstimateStatus::ok || *ratio.value > 1);
    return is_known ? ratio.value : std::nullopt;
}

DischargeBelief Batteries::belief_of(StringIndex string, BatteryIndex battery) const {
    const StringModel& model = model_.strings[position(string)];
    const auto place = places_[position(battery)].in_string;
    const ChargeMemory memory = groups_[position(string)].estimator->memory(place);
    const Estimate& soc = batteries_[position(battery)].soc_pct;
    const CapacityBelief capacity = capacity_belief(battery, model, memory);
    const auto factor = resistance_factor(battery);
    return {.start = {.soc = *soc.value / 100,
                      .v1_v = memory.v1_v,
                      .v2_v = memory.v2_v,
                      .temperature_c = temperature_of(battery).value_or(25),
                      .capacity_ah = model.nominal_capacity_ah * capacity.share,
                      .resistance_factor = factor.value_or(1)},
            .battery = battery,
            .soc_sigma = soc.sigma / 100,
            .capacity_sigma = capacity.sigma / capacity.share,
            .resistance_sigma = batteries_[position(battery)].resistance_ratio.status == EstimateStatus::ok
                                    ? measured_resistance_sigma
                                    : unknown_resistance_sigma,
            .reason = {},
            .degraded = soc.status != EstimateStatus::ok};
}

// What the present discharge has shown, and what was known before. In between, where neither tells, a
// battery of unknown health.
CapacityBelief Batteries::capacity_belief(BatteryIndex battery, const StringModel& string,
                                          const ChargeMemory& memory) const {
    const double current_a = strings_[places_[position(battery)].string].current_a.value.value_or(0);
    NoiseParameters noise = string.cell_model->parameters().noise;
    const auto measured = measured_capacity(battery);
    if (measured) noise.capacity = std::min(noise.capacity, measured->sigma / measured->share);
    const CapacityBelief before =
        measured ? *measured : CapacityBelief{1, parameters_of(string.chemistry).capacity_sigma};
    const bool is_learning = current_a < -string.nominal_capacity_ah / 50 && noise.capacity > 0;
    if (!is_learning || !memory.offset_sigma_a) return before;
    // The filter counts with what has been measured, and its doubt is what it begins with: what it has learnt
    // is all that is known.
    CapacityBelief now = learnt_capacity(noise, string.nominal_capacity_ah, current_a, memory.offset_a,
                                         *memory.offset_sigma_a);
    if (!measured) return together(before, now);
    now.share *= measured->share;
    now.sigma *= measured->share;
    return now;
}

void Batteries::judge_string_soc(std::size_t string) {
    const Estimate* lowest = nullptr;
    for (const BatteryIndex battery : model_.strings[string].batteries) {
        const Estimate& soc = batteries_[position(battery)].soc_pct;
        const bool decides = lowest == nullptr || !soc.value || *soc.value < *lowest->value;
        if (decides) lowest = &soc;
        if (!soc.value) break;
    }
    strings_[string].soc_pct = lowest != nullptr ? *lowest : unknown_estimate("no_sensor");
}

}  // namespace sitepower
