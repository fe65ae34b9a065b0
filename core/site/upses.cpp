#include "core/site/upses.hpp"

#include "core/site/measuring.hpp"

namespace sitepower {

Upses::Upses(const SiteModel& model) : states_(model.upses.size()) {
    for (std::size_t i = 0; i < states_.size(); ++i) {
        states_[i].ups = static_cast<UpsIndex>(i);
        states_[i].on_battery_reason = nothing_yet(model.upses[i].on_battery).reason;
        states_[i].load_kw = nothing_yet(model.upses[i].load_kw);
        states_[i].autonomy_ups_min = nothing_yet(model.upses[i].runtime_min);
        states_[i].autonomy_min =
            unknown_estimate(model.upses[i].load_kw ? states_[i].load_kw.reason : "no_load_measurement");
        states_[i].autonomy_at_forecast.median = unknown_estimate("no_load_forecast");
        states_[i].voltage_imbalance_v.reason =
            model.upses[i].strings.empty() ? "no_strings" : "not_yet_read";
    }
}

void Upses::apply(const Feed& feed, const LatestValue& latest, const Moment& moment) {
    set(feed, measure(latest), moment);
}

void Upses::lose(const Feed& feed, const Moment& moment) {
    const UpsState& state = states_[feed.part];
    Measurement lost{std::nullopt, stale_input, state.time};
    if (feed.quantity == Quantity::ups_load_kw) lost.time = state.load_kw.time;
    if (feed.quantity == Quantity::ups_runtime_min) lost.time = state.autonomy_ups_min.time;
    set(feed, lost, moment);
}

void Upses::set(const Feed& feed, const Measurement& measured, const Moment& moment) {
    UpsState& state = states_[feed.part];
    state.time = moment.wall;
    switch (feed.quantity) {
        case Quantity::ups_on_battery:
            state.on_battery.reset();
            if (measured.value) state.on_battery = *measured.value >= 0.5;
            state.on_battery_reason = measured.reason;
            break;
        case Quantity::ups_load_kw:
            state.load_kw = measured;
            break;
        case Quantity::ups_runtime_min:
            state.autonomy_ups_min = measured;
            break;
        default:
            break;
    }
}

std::optional<bool> Upses::on_battery(const StringModel& string) const {
    if (!string.ups || position(*string.ups) >= states_.size()) return std::nullopt;
    return states_[position(*string.ups)].on_battery;
}

}  // namespace sitepower
