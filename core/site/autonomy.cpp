#include "core/site/autonomy.hpp"

#include <algorithm>
#include <cmath>
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
// It is issued anew with each step of its series, an hour at most.
constexpr Duration oldest_forecast = std::chrono::hours(3);
// Of the power that the strings should give: with less measured, a meter is wrong or the discharge has only
// begun.
constexpr double least_measured_share = 0.5;

}  // namespace

Autonomy::Autonomy(const SiteModel& model, const BatterySettings& settings)
    : model_(model),
      inverter_efficiency_(settings.inverter_efficiency),
      last_(model.upses.size()),
      expected_(model.upses.size()) {}

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
    if (last.on_battery != state.on_battery) last.changed = moment.wall;
    if (due) last = {moment.elapsed, state.on_battery, load_known, charges_known, last.known, last.changed};
    return due;
}

Status Autonomy::expect(const ExpectedLoad& load) {
    const auto is_load = [](const ExpectedLoad::Step& step) {
        return std::isfinite(step.load_kw) && step.load_kw >= 0 && std::isfinite(step.sigma) &&
               step.sigma >= 0;
    };
    if (position(load.ups) >= expected_.size() || !std::ranges::all_of(load.steps, is_load)) {
        return Error{ErrorCode::validation_error, "an expected load that is none, or of no UPS", ""};
    }
    expected_[position(load.ups)] = load;
    last_[position(load.ups)].at.reset();
    return Done{};
}

// Strings are parallel, batteries in series: the first that ends is the end of all. What ends first by its
// median need not be what may end first of all.
void Autonomy::Shortest::take(const Outlook& next) {
    degraded = degraded || next.degraded;
    if (!any || (outlook.reason.empty() && !next.reason.empty())) {
        outlook = next;
    } else if (outlook.reason.empty()) {
        const Runtime before = outlook.runtime;
        if (next.runtime.p50_min < before.p50_min) outlook.runtime = next.runtime;
        outlook.runtime.p10_min = std::min(before.p10_min, next.runtime.p10_min);
        outlook.runtime.p90_min = std::min(before.p90_min, next.runtime.p90_min);
    }
    any = true;
}

Autonomy::Outlook Autonomy::Shortest::whole(std::string_view reason) const {
    if (!any) return {.reason = reason};
    auto whole = outlook;
    whole.degraded = degraded;
    return whole;
}

void Autonomy::estimate(UpsState& state, Batteries& batteries, const Moment& moment) {
    if (!is_due(state, batteries, moment)) return;
    const UpsModel& ups = model_.upses[position(state.ups)];
    const Burden now = burden_of(state);
    const Burden to_come = burden_to_come(state, moment);
    const auto shares = shares_of(state, batteries);
    Shortest at_present;
    Shortest at_forecast;
    for (std::size_t i = 0; i < ups.strings.size(); ++i) {
        StringState& string = batteries.strings()[position(ups.strings[i])];
        const Outlook outlook = of_string(ups.strings[i], batteries, now, shares[i]);
        const Outlook expected = of_string(ups.strings[i], batteries, to_come, shares[i]);
        at_present.take(outlook);
        at_forecast.take(expected);
        const auto minutes = told(outlook, moment);
        string.autonomy_min = minutes.median;
        string.autonomy_p10_min = minutes.p10;
        string.autonomy_p90_min = minutes.p90;
        string.autonomy_at_forecast = told(expected, moment);
    }
    const auto minutes = told(at_present.whole(now.reason), moment);
    state.autonomy_min = minutes.median;
    state.autonomy_p10_min = minutes.p10;
    state.autonomy_p90_min = minutes.p90;
    state.autonomy_at_forecast = told(at_forecast.whole(to_come.reason), moment);
    last_[position(state.ups)].known = minutes.median.value.has_value();
}

AutonomyMinutes Autonomy::told(const Outlook& outlook, const Moment& moment) {
    if (!outlook.reason.empty()) return {.median = unknown_estimate(outlook.reason, moment.wall)};
    const bool beyond = outlook.runtime.stop == DischargeStop::horizon;
    return {.median = {.value = outlook.runtime.p50_min,
                       .sigma = outlook.runtime.sigma_min,
                       .status = outlook.degraded || beyond ? EstimateStatus::degraded : EstimateStatus::ok,
                       .reason = beyond             ? "beyond_horizon"
                                 : outlook.degraded ? "degraded_soc"
                                                    : "",
                       .as_of = moment.wall},
            .p10 = outlook.runtime.p10_min,
            .p90 = outlook.runtime.p90_min};
}

std::string_view Autonomy::lacking(const UpsModel& ups) const {
    if (ups.strings.empty()) return "no_strings";
    for (const StringIndex index : ups.strings) {
        if (model_.strings[position(index)].nominal_capacity_ah <= 0) return "no_nominal_capacity";
    }
    return "";
}

Autonomy::Burden Autonomy::burden_of(const UpsState& state) const {
    const UpsModel& ups = model_.upses[position(state.ups)];
    if (!ups.load_kw) return {.reason = "no_load_measurement"};
    if (!state.load_kw.value) return {.reason = state.load_kw.reason};
    if (const auto reason = lacking(ups); !reason.empty()) return {.reason = reason};
    const double power_w = 1000 * std::max(*state.load_kw.value, 0.0) / inverter_efficiency_;
    return {.powers = {{.power_w = power_w, .sigma = power_sigma}}};
}

Autonomy::Burden Autonomy::burden_to_come(const UpsState& state, const Moment& moment) const {
    const ExpectedLoad& load = expected_[position(state.ups)];
    if (load.steps.empty()) return {.reason = "no_load_forecast"};
    const auto age = moment.wall - load.issued_at;
    if (age > oldest_forecast || age < -oldest_forecast || load.steps.back().end <= moment.wall) {
        return {.reason = "stale_forecast"};
    }
    if (const auto reason = lacking(model_.upses[position(state.ups)]); !reason.empty()) {
        return {.reason = reason};
    }
    Burden burden;
    for (const ExpectedLoad::Step& step : load.steps) {
        if (step.end <= moment.wall) continue;
        burden.powers.push_back({.until_s = std::chrono::duration<double>(step.end - moment.wall).count(),
                                 .power_w = 1000 * step.load_kw / inverter_efficiency_,
                                 .sigma = std::max(step.sigma, power_sigma)});
    }
    return burden;
}

// What each gives while they carry the load; at other times by what each should hold.
std::vector<double> Autonomy::shares_of(const UpsState& state, const Batteries& batteries) const {
    const UpsModel& ups = model_.upses[position(state.ups)];
    auto shares = state.on_battery.value_or(false)
                      ? measured_powers_w(ups, batteries, last_[position(state.ups)].changed)
                      : std::vector<double>();
    double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
    const double power_w = 1000 * std::max(state.load_kw.value.value_or(0), 0.0) / inverter_efficiency_;
    if (shares.empty() || sum < least_measured_share * power_w) {
        shares = nominal_energies(ups);
        sum = std::accumulate(shares.begin(), shares.end(), 0.0);
    }
    for (double& share : shares) share = sum > 0 ? share / sum : 0;
    return shares;
}

// Empty when the current of one is not known since the UPS went onto its batteries.
std::vector<double> Autonomy::measured_powers_w(const UpsModel& ups, const Batteries& batteries,
                                                Time since) const {
    std::vector<double> powers_w;
    for (const StringIndex index : ups.strings) {
        const StringModel& string = model_.strings[position(index)];
        const StringState& state = batteries.strings()[position(index)];
        if (!state.current_a.value || state.current_a.time <= since) return {};
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
    auto powers = burden.powers;
    for (PowerStep& step : powers) step.power_w *= share / static_cast<double>(model.batteries.size());
    Shortest first;
    for (const DischargeBelief& belief : batteries.discharge_beliefs(string)) {
        if (!belief.reason.empty()) return {.reason = belief.reason};
        first.take({.runtime = of_string(model, belief, powers), .degraded = belief.degraded});
    }
    return first.whole("");
}

// As if all batteries of the string were as this one.
Runtime Autonomy::of_string(const StringModel& string, const DischargeBelief& belief,
                            std::span<const PowerStep> powers) const {
    const CellModel& kind = *string.cell_model;
    const BatteryLimits& limits = kind.parameters().limits;
    const CellScale scale = scale_to(kind.parameters(), string.nominal_voltage_v, string.nominal_capacity_ah);
    RuntimeInput input{.start = belief.start, .soc_sigma = belief.soc_sigma};
    input.capacity_sigma = belief.capacity_sigma;
    input.resistance_sigma = belief.resistance_sigma;
    input.powers = powers;
    return runtime_at_power(kind, scale, input,
                            {.cutoff_v = limits.cutoff_v * scale.voltage,
                             .highest_current_a = limits.highest_discharge_c * string.nominal_capacity_ah,
                             .horizon_s = horizon_s});
}

}  // namespace sitepower
