#include "core/site/autonomy.hpp"

#include <algorithm>
#include <numeric>

#include "core/site/measuring.hpp"

namespace sitepower {
namespace {

constexpr Duration on_battery_interval{10'000};
constexpr Duration on_mains_interval{60'000};

// Nobody plans further, and no battery of a UPS lasts longer at a load that matters.
constexpr double horizon_s = 24 * 3600.0;

// Relative: engineering default.
constexpr double power_sigma = 0.03;
// Of the power that the strings should give: with less measured, a meter is wrong or the discharge has only
// begun.
constexpr double least_measured_share = 0.5;

}  // namespace

Autonomy::Autonomy(const SiteModel& model, const BatterySettings& settings)
    : model_(model), inverter_efficiency_(settings.inverter_efficiency), last_(model.upses.size()) {}

// At once when what it depends on has become known, or is no longer.
bool Autonomy::is_due(const UpsState& state, const Batteries& batteries, const Moment& moment) {
    Last& last = last_[position(state.ups)];
    const bool load_known = state.load_kw.value.has_value();
    const auto charges_known = static_cast<std::size_t>(std::ranges::count_if(
        model_.upses[position(state.ups)].strings,
        [&](StringIndex string) { return batteries.strings()[position(string)].soc_pct.value.has_value(); }));
    const bool discharging = state.on_battery.value_or(false);
    const Duration interval = discharging || !last.known ? on_battery_interval : on_mains_interval;
    const bool due = !last.at || last.on_battery != state.on_battery || last.load_known != load_known ||
                     last.charges_known != charges_known || moment.elapsed - *last.at >= interval;
    if (due) last = {moment.elapsed, state.on_battery, load_known, charges_known, last.known};
    return due;
}

// Strings are parallel: the first that ends is the end of all.
void Autonomy::estimate(UpsState& state, Batteries& batteries, const Moment& moment) {
    if (!is_due(state, batteries, moment)) return;
    const UpsModel& ups = model_.upses[position(state.ups)];
    const Burden burden = burden_of(state);
    const auto shares = shares_of(state, batteries, burden);
    Outlook shortest{.reason = burden.reason};
    bool degraded = false;
    for (std::size_t i = 0; i < ups.strings.size(); ++i) {
        const Outlook outlook = of_string(ups.strings[i], batteries, burden, shares[i]);
        write(batteries.strings()[position(ups.strings[i])], outlook, moment);
        degraded = degraded || outlook.degraded;
        const bool decides =
            i == 0 || !outlook.reason.empty() || outlook.runtime.p50_min < shortest.runtime.p50_min;
        if (shortest.reason.empty() && decides) shortest = outlook;
    }
    shortest.degraded = degraded;
    last_[position(state.ups)].known = shortest.reason.empty();
    write(state, shortest, moment);
}

template <class State>
void Autonomy::write(State& state, const Outlook& outlook, const Moment& moment) {
    state.autonomy_p10_min.reset();
    state.autonomy_p90_min.reset();
    if (!outlook.reason.empty()) {
        state.autonomy_min = unknown_estimate(outlook.reason, moment.wall);
        return;
    }
    const bool beyond = outlook.runtime.stop == DischargeStop::horizon;
    state.autonomy_min = {
        .value = outlook.runtime.p50_min,
        .sigma = outlook.runtime.sigma_min,
        .status = outlook.degraded || beyond ? EstimateStatus::degraded : EstimateStatus::ok,
        .reason = beyond             ? "beyond_horizon"
                  : outlook.degraded ? "degraded_soc"
                                     : "",
        .as_of = moment.wall};
    state.autonomy_p10_min = outlook.runtime.p10_min;
    state.autonomy_p90_min = outlook.runtime.p90_min;
}

Autonomy::Burden Autonomy::burden_of(const UpsState& state) const {
    const UpsModel& ups = model_.upses[position(state.ups)];
    if (!ups.load_kw) return {.reason = "no_load_measurement"};
    if (!state.load_kw.value) return {.reason = state.load_kw.reason};
    if (ups.strings.empty()) return {.reason = "no_strings"};
    for (const StringIndex index : ups.strings) {
        if (model_.strings[position(index)].nominal_capacity_ah <= 0)
            return {.reason = "no_nominal_capacity"};
    }
    return {.power_w = 1000 * std::max(*state.load_kw.value, 0.0) / inverter_efficiency_};
}

// What each gives while they carry the load; at other times by what each should hold.
std::vector<double> Autonomy::shares_of(const UpsState& state, const Batteries& batteries,
                                        const Burden& burden) const {
    const UpsModel& ups = model_.upses[position(state.ups)];
    auto shares =
        state.on_battery.value_or(false) ? measured_powers_w(ups, batteries) : std::vector<double>();
    double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
    if (shares.empty() || sum < least_measured_share * burden.power_w) {
        shares = nominal_energies(ups);
        sum = std::accumulate(shares.begin(), shares.end(), 0.0);
    }
    for (double& share : shares) share = sum > 0 ? share / sum : 0;
    return shares;
}

// Empty when the current of one is not known.
std::vector<double> Autonomy::measured_powers_w(const UpsModel& ups, const Batteries& batteries) const {
    std::vector<double> powers_w;
    for (const StringIndex index : ups.strings) {
        const StringModel& string = model_.strings[position(index)];
        const StringState& state = batteries.strings()[position(index)];
        if (!state.current_a.value) return {};
        const double nominal_v = string.nominal_voltage_v * static_cast<double>(string.batteries.size());
        powers_w.push_back(
            std::max(-*state.current_a.value * state.voltage_v.value.value_or(nominal_v), 0.0));
    }
    return powers_w;
}

std::vector<double> Autonomy::nominal_energies(const UpsModel& ups) const {
    std::vector<double> energies_wh;
    for (const StringIndex index : ups.strings) {
        const StringModel& string = model_.strings[position(index)];
        energies_wh.push_back(string.nominal_capacity_ah * string.nominal_voltage_v *
                              static_cast<double>(string.batteries.size()));
    }
    return energies_wh;
}

Autonomy::Outlook Autonomy::of_string(StringIndex string, const Batteries& batteries, const Burden& burden,
                                      double share) const {
    if (!burden.reason.empty()) return {.reason = burden.reason};
    const StringModel& model = model_.strings[position(string)];
    const DischargeBelief belief = batteries.discharge_belief(string);
    if (!belief.reason.empty()) return {.reason = belief.reason};
    return {.runtime = of_string(model, belief, burden.power_w * share), .degraded = belief.degraded};
}

// As if all batteries of the string were as its weakest: it ends first.
Runtime Autonomy::of_string(const StringModel& string, const DischargeBelief& belief, double power_w) const {
    const CellModel& kind = *string.cell_model;
    const BatteryLimits& limits = kind.parameters().limits;
    const CellScale scale = scale_to(kind.parameters(), string.nominal_voltage_v, string.nominal_capacity_ah);
    RuntimeInput input{.start = belief.start, .soc_sigma = belief.soc_sigma};
    input.capacity_sigma = belief.capacity_sigma;
    input.resistance_sigma = belief.resistance_sigma;
    input.power_w = power_w / static_cast<double>(string.batteries.size());
    input.power_sigma = power_sigma;
    return runtime_at_power(kind, scale, input,
                            {.cutoff_v = limits.cutoff_v * scale.voltage,
                             .highest_current_a = limits.highest_discharge_c * string.nominal_capacity_ah,
                             .horizon_s = horizon_s});
}

}  // namespace sitepower
