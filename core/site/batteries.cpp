#include "core/site/batteries.hpp"

#include <algorithm>

#include "core/battery/chemistry.hpp"
#include "core/battery/soc/methods.hpp"
#include "core/site/measuring.hpp"

namespace sitepower {
namespace {

// Of a current that no device measures: as if it were read every minute.
constexpr Duration longest_gap{210'000};

// How long the current of a string is good for.
Duration usable_for(const SiteModel& model, const std::optional<PointRef>& point, const DeviceWatch& watch) {
    if (!point || position(point->device) >= model.devices.size()) return longest_gap;
    for (const auto& layout : model.devices[position(point->device)].layouts) {
        const bool holds =
            point->slot >= layout->first_slot && point->slot - layout->first_slot < layout->points.size();
        if (holds) return watch.usable_for(*layout);
    }
    return longest_gap;
}

GroupSetup setup_of(const SiteModel& model, const StringModel& string, const BatterySettings& settings,
                    const DeviceWatch& watch) {
    return {.chemistry = string.chemistry,
            .nominal_voltage_v = string.nominal_voltage_v,
            .nominal_capacity_ah = string.nominal_capacity_ah,
            .float_voltage_v = string.float_voltage_v,
            .batteries = string.batteries.size(),
            .has_current_sensor = string.current_a.has_value(),
            .stale_after = usable_for(model, string.current_a, watch),
            .float_full_after = settings.float_full_after,
            .model = string.cell_model};
}

}  // namespace

Batteries::Batteries(const SiteModel& model, const BatterySettings& settings, const DeviceWatch& watch)
    : model_(model),
      batteries_(model.batteries.size()),
      strings_(model.strings.size()),
      groups_(model.strings.size()),
      places_(model.batteries.size()),
      reported_(model.batteries.size()),
      readings_(model.batteries.size()),
      resistance_is_new_(model.batteries.size()),
      resistance_measured_(model.batteries.size()) {
    for (std::size_t i = 0; i < batteries_.size(); ++i) {
        const BatteryModel& battery = model.batteries[i];
        BatteryState& state = batteries_[i];
        state.battery = static_cast<BatteryIndex>(i);
        state.voltage_v = nothing_yet(battery.voltage_v);
        state.temperature_c = nothing_yet(battery.temperature_c);
        state.internal_resistance_ohm = nothing_yet(battery.internal_resistance_ohm);
        state.soh_pct = unknown_estimate("no_capacity_evidence");
        state.rul_days = unknown_estimate("no_capacity_evidence");
        state.resistance_ratio = unknown_estimate(state.internal_resistance_ohm.reason);
        reported_[i] = {nothing_yet(battery.soc_pct), nothing_yet(battery.soh_pct)};
        baselines_.emplace_back(model.strings[position(battery.string)].chemistry, settings.baseline_readings,
                                settings.baseline_interval);
    }
    for (std::size_t i = 0; i < groups_.size(); ++i) prepare_group(i, settings, watch);
}

void Batteries::prepare_group(std::size_t index, const BatterySettings& settings, const DeviceWatch& watch) {
    const StringModel& string = model_.strings[index];
    Group& group = groups_[index];
    group.estimator = make_soc_estimator(settings.soc_method, setup_of(model_, string, settings, watch));
    group.voltages_v.resize(string.batteries.size());
    group.voltages_are_new.resize(string.batteries.size());
    group.capacities.resize(string.batteries.size());
    group.temperatures_c.resize(string.batteries.size());
    group.counted_soc.assign(string.batteries.size(),
                             unknown_estimate(string.current_a ? "not_yet_read" : "no_current_sensor"));
    StringState& state = strings_[index];
    state.string = static_cast<StringIndex>(index);
    state.current_a = nothing_yet(string.current_a);
    state.voltage_v = nothing_yet(string.voltage_v);
    state.soc_pct = unknown_estimate("not_yet_read");
    state.voltage_imbalance_v.reason = "not_yet_read";
    const bool has_load = string.ups && model_.upses[position(*string.ups)].load_kw;
    state.autonomy_min = unknown_estimate(has_load ? "not_yet_read" : "no_load_measurement");
    state.autonomy_at_forecast.median = unknown_estimate("no_load_forecast");
    for (std::size_t place = 0; place < string.batteries.size(); ++place) {
        const auto battery = position(string.batteries[place]);
        places_[battery] = {static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(place)};
        batteries_[battery].current_a = state.current_a;
        batteries_[battery].soc_pct = group.counted_soc[place];
    }
}

void Batteries::apply(const Feed& feed, const LatestValue& latest, const Moment& moment) {
    const Measurement measured = measure(latest);
    if (feed.quantity < Quantity::string_current_a) {
        apply_to_battery(feed, measured, moment);
    } else {
        apply_to_string(feed, measured, moment);
    }
}

void Batteries::apply_to_battery(const Feed& feed, const Measurement& measured, const Moment& moment) {
    BatteryState& state = batteries_[feed.part];
    const Place place = places_[feed.part];
    Group& group = groups_[place.string];
    switch (feed.quantity) {
        case Quantity::battery_voltage_v:
            state.voltage_v = measured;
            group.voltages_v[place.in_string] = measured.value;
            group.voltages_are_new[place.in_string] = 1;
            break;
        case Quantity::battery_temperature_c:
            state.temperature_c = measured;
            group.temperatures_c[place.in_string] = measured.value;
            break;
        case Quantity::battery_internal_resistance_ohm:
            state.internal_resistance_ohm = measured;
            resistance_is_new_[feed.part] = 1;
            group.view.new_resistances = true;
            break;
        case Quantity::battery_soc_pct:
            reported_[feed.part].soc_pct = measured;
            break;
        case Quantity::battery_soh_pct:
            reported_[feed.part].soh_pct = measured;
            break;
        default:
            break;
    }
    state.time = strings_[place.string].time = moment.wall;
    touch(static_cast<StringIndex>(place.string));
}

void Batteries::apply_to_string(const Feed& feed, const Measurement& measured, const Moment& moment) {
    StringState& state = strings_[feed.part];
    Group& group = groups_[feed.part];
    switch (feed.quantity) {
        case Quantity::string_current_a:
            state.current_a = measured;
            group.current_time = measured.time;
            group.current_is_new = true;
            for (const BatteryIndex battery : model_.strings[feed.part].batteries) {
                batteries_[position(battery)].current_a = measured;
                batteries_[position(battery)].time = moment.wall;
            }
            break;
        case Quantity::string_voltage_v:
            state.voltage_v = measured;
            break;
        case Quantity::string_ambient_temperature_c:
            group.ambient_c = measured.value;
            break;
        default:
            break;
    }
    state.time = moment.wall;
    touch(static_cast<StringIndex>(feed.part));
}

void Batteries::lose(const Feed& feed, const Moment& moment) {
    const auto lost = [](Measurement measurement) {
        lose_measurement(measurement);
        return measurement;
    };
    switch (feed.quantity) {
        case Quantity::battery_voltage_v:
            apply_to_battery(feed, lost(batteries_[feed.part].voltage_v), moment);
            break;
        case Quantity::battery_temperature_c:
            apply_to_battery(feed, lost(batteries_[feed.part].temperature_c), moment);
            break;
        case Quantity::battery_internal_resistance_ohm:
            apply_to_battery(feed, lost(batteries_[feed.part].internal_resistance_ohm), moment);
            break;
        case Quantity::battery_soc_pct:
            apply_to_battery(feed, lost(reported_[feed.part].soc_pct), moment);
            break;
        case Quantity::battery_soh_pct:
            apply_to_battery(feed, lost(reported_[feed.part].soh_pct), moment);
            break;
        case Quantity::string_current_a:
            apply_to_string(feed, lost(strings_[feed.part].current_a), moment);
            groups_[feed.part].current_time = moment.wall;
            break;
        case Quantity::string_voltage_v:
            apply_to_string(feed, lost(strings_[feed.part].voltage_v), moment);
            break;
        case Quantity::string_ambient_temperature_c:
            apply_to_string(feed, Measurement{std::nullopt, stale_input, moment.wall}, moment);
            break;
        default:
            break;
    }
}

void Batteries::touch(StringIndex string) {
    Group& group = groups_[position(string)];
    if (group.is_touched) return;
    group.is_touched = true;
    touched_.push_back(string);
}

void Batteries::clear_touched() {
    for (const StringIndex string : touched_) {
        groups_[position(string)].is_touched = false;
        groups_[position(string)].view.new_resistances = false;
    }
    touched_.clear();
}

std::optional<double> Batteries::temperature_of(StringIndex string) const {
    const Group& group = groups_[position(string)];
    return group.view.median_temperature_c ? group.view.median_temperature_c : group.ambient_c;
}

std::optional<double> Batteries::temperature_of(BatteryIndex battery) const {
    const auto& own = batteries_[position(battery)].temperature_c.value;
    return own ? own : groups_[places_[position(battery)].string].ambient_c;
}

BatteryMemory Batteries::memory(BatteryIndex battery) const {
    const auto index = position(battery);
    const Group& group = groups_[places_[index].string];
    const ChargeMemory charge = group.estimator->memory(places_[index].in_string);
    return {.battery = model_.batteries[index].id,
            .serial_number = model_.batteries[index].serial_number,
            .charge_ah = charge.charge_ah,
            .charge_sigma_ah = charge.sigma_ah,
            .charge_as_of = group.charge_as_of,
            .full_charge_held = charge.full_charge_held,
            .charge_has_gap = charge.has_gap,
            .baseline_resistance_ohm = baselines_[index].baseline_ohm(),
            .baseline_readings_ohm = baselines_[index].readings_ohm(),
            .baseline_learnt_until = baselines_[index].learnt_until(),
            .charge_v1_v = charge.v1_v,
            .charge_v2_v = charge.v2_v,
            .current_offset_a = charge.offset_a,
            .current_offset_sigma_a = charge.offset_sigma_a,
            .mean_current_a = charge.mean_current_a,
            .mean_square_current_a2 = charge.mean_square_a2,
            .discharging_s = charge.discharging_s,
            .discharge_is_from_full = charge.from_full,
            .charge_moved = charge.moved,
            .capacity_share = group.capacities[places_[index].in_string].share,
            .capacity_sigma = group.capacities[places_[index].in_string].sigma,
            .ageing = {},
            .replacement = {}};
}

void Batteries::start_anew(BatteryIndex battery) {
    const auto index = position(battery);
    const Place place = places_[index];
    Group& group = groups_[place.string];
    const bool has_current = model_.strings[place.string].current_a.has_value();
    group.estimator->restore(place.in_string, {});
    group.capacities[place.in_string] = {};
    group.counted_soc[place.in_string] = unknown_estimate(has_current ? "not_yet_read" : "no_current_sensor");
    baselines_[index].forget();
    readings_[index] = {};
    BatteryState& state = batteries_[index];
    const Measurement& measured = state.internal_resistance_ohm;
    state.resistance_ratio =
        unknown_estimate(measured.value ? "no_baseline_resistance" : measured.reason, measured.time);
}

std::optional<BatteryIndex> Batteries::restore(const BatteryMemory& memory, const Moment& moment) {
    const auto found = std::ranges::find_if(model_.batteries, [&](const BatteryModel& battery) {
        return battery.id == memory.battery && battery.serial_number == memory.serial_number;
    });
    if (found == model_.batteries.end()) return std::nullopt;
    const auto index = static_cast<std::size_t>(found - model_.batteries.begin());
    baselines_[index].restore(memory.baseline_resistance_ohm, memory.baseline_readings_ohm,
                              memory.baseline_learnt_until);
    if (!memory.charge_as_of) return static_cast<BatteryIndex>(index);
    // A memory of the future was made before the clock was set back: its age is not known.
    const Duration age = moment.wall - *memory.charge_as_of;
    const bool age_is_known = age >= Duration::zero();
    Group& group = groups_[places_[index].string];
    group.estimator->restore(places_[index].in_string, {.charge_ah = memory.charge_ah,
                                                        .sigma_ah = memory.charge_sigma_ah,
                                                        .full_charge_held = memory.full_charge_held,
                                                        .has_gap = memory.charge_has_gap || !age_is_known,
                                                        .v1_v = memory.charge_v1_v,
                                                        .v2_v = memory.charge_v2_v,
                                                        .offset_a = memory.current_offset_a,
                                                        .offset_sigma_a = memory.current_offset_sigma_a,
                                                        .mean_current_a = memory.mean_current_a,
                                                        .mean_square_a2 = memory.mean_square_current_a2,
                                                        .discharging_s = memory.discharging_s,
                                                        .from_full = memory.discharge_is_from_full,
                                                        .moved = memory.charge_moved});
    const bool is_share = memory.capacity_share > 0 && memory.capacity_share < 2 &&
                          memory.capacity_sigma >= 0 && memory.capacity_sigma < 1;
    if (is_share) group.capacities[places_[index].in_string] = {memory.capacity_share, memory.capacity_sigma};
    group.sampled = true;
    group.sampled_at = moment.elapsed - (age_is_known ? age : Duration::zero());
    group.charge_as_of = memory.charge_as_of;
    return static_cast<BatteryIndex>(index);
}

}  // namespace sitepower
