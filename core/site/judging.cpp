// Status from measurements and open alerts: the worst open alert; without one unknown, with the reason, where
// data are stale or health is only a prior.
#include <algorithm>

#include "core/site/engine.hpp"
#include "core/site/measuring.hpp"

namespace sitepower {
namespace {

HealthStatus status_of(std::optional<Severity> worst) {
    if (worst == Severity::critical) return HealthStatus::critical;
    if (worst == Severity::warning) return HealthStatus::warning;
    return HealthStatus::healthy;
}

// The measurement without which nothing can be said of a battery: the first that it has.
const Measurement* decisive(const BatteryModel& model, const BatteryState& state) {
    if (model.voltage_v) return &state.voltage_v;
    if (model.temperature_c) return &state.temperature_c;
    if (model.internal_resistance_ohm) return &state.internal_resistance_ohm;
    return nullptr;
}

// Why nothing can be said of a battery now; empty: something can.
std::string_view silence_of(const BatteryModel& model, const BatteryState& state) {
    if (const Measurement* measured = decisive(model, state)) return measured->value ? "" : measured->reason;
    // Of a pack that reports nothing but its charge, that has to do.
    return model.soc_pct && state.soc_pct.value ? "" : state.voltage_v.reason;
}

// Why its health is supposed, and nothing but supposed; empty: it is known, or nothing is supposed either.
std::string_view prior_of(const BatteryState& state) {
    const Estimate& known = state.soh_pct.value ? state.soh_pct : state.rul_days;
    return known.status == EstimateStatus::prior_only ? known.reason : "";
}

// The time of a state is that of its newest part, and a verdict is one.
template <class State>
void set_status(State& state, HealthStatus status, Time now) {
    if (state.status != status && state.time != Time{}) state.time = now;
    state.status = status;
}

}  // namespace

void Site::State::judge_battery(BatteryIndex battery) {
    BatteryState& state = batteries.batteries()[position(battery)];
    const BatteryModel& of = model->batteries[position(battery)];
    const OpenAlerts open = alerts.of(slots.number(battery));
    state.active_alerts = open.count;
    const HealthStatus alerted = status_of(open.worst);
    std::string_view doubt;
    // An open alert holds on, though its monitor is silent.
    if (alerted == HealthStatus::healthy) doubt = silence_of(of, state);
    if (alerted == HealthStatus::healthy && doubt.empty()) doubt = prior_of(state);
    state.status_reason = doubt;
    set_status(state, doubt.empty() ? alerted : HealthStatus::unknown, clock.moment().wall);
}

// The worst of the string's own alerts and its batteries; unknown only while none of them is heard of.
void Site::State::judge_string(StringIndex string) {
    StringState& state = batteries.strings()[position(string)];
    const OpenAlerts open = alerts.of(slots.number(string));
    state.active_alerts = open.count;
    auto worst = open.worst;
    bool any_known = open.worst.has_value();
    for (const BatteryIndex battery : model->strings[position(string)].batteries) {
        const BatteryState& member = batteries.batteries()[position(battery)];
        const auto worst_of_member = alerts.of(slots.number(battery)).worst;
        state.active_alerts += member.active_alerts;
        any_known =
            any_known || worst_of_member || silence_of(model->batteries[position(battery)], member).empty();
        worst = std::max(worst, worst_of_member);
    }
    set_status(state, any_known ? status_of(worst) : HealthStatus::unknown, clock.moment().wall);
}

void Site::State::judge_ups(UpsIndex ups) {
    UpsState& state = upses.states()[position(ups)];
    state.status = state.on_battery ? status_of(alerts.of(slots.number(ups)).worst) : HealthStatus::unknown;
    const StringState* worst = nullptr;
    for (const StringIndex index : model->upses[position(ups)].strings) {
        const StringState& string = batteries.strings()[position(index)];
        const auto& imbalance_v = string.voltage_imbalance_v.value;
        if (worst == nullptr || imbalance_v > worst->voltage_imbalance_v.value) worst = &string;
    }
    state.voltage_imbalance_v = worst != nullptr ? worst->voltage_imbalance_v
                                                 : Measurement{.value = std::nullopt, .reason = "no_strings"};
    state.weakest = worst != nullptr ? worst->weakest : std::nullopt;
}

}  // namespace sitepower
