// Status from measurements and open alerts: the worst open alert, or unknown with the reason.
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
    const Measurement* measured = decisive(of, state);
    if (measured != nullptr && measured->value) {
        set_status(state, status_of(open.worst), clock.moment().wall);
        state.status_reason = "";
        return;
    }
    // Of a pack that reports nothing but its charge, that has to do.
    const bool charge_only = measured == nullptr && of.soc_pct && state.soc_pct.value;
    set_status(state, charge_only ? status_of(open.worst) : HealthStatus::unknown, clock.moment().wall);
    state.status_reason = charge_only ? "" : measured != nullptr ? measured->reason : state.voltage_v.reason;
}

// The worst of the string's own alerts and its batteries; unknown only while none of them is known.
void Site::State::judge_string(StringIndex string) {
    StringState& state = batteries.strings()[position(string)];
    const OpenAlerts open = alerts.of(slots.number(string));
    state.active_alerts = open.count;
    auto worst = open.worst;
    bool any_known = open.worst.has_value();
    for (const BatteryIndex battery : model->strings[position(string)].batteries) {
        state.active_alerts += batteries.batteries()[position(battery)].active_alerts;
        if (batteries.batteries()[position(battery)].status == HealthStatus::unknown) continue;
        any_known = true;
        worst = std::max(worst, alerts.of(slots.number(battery)).worst);
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
