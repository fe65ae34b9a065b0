#include "core/site/ageing.hpp"

#include <algorithm>
#include <cmath>

#include "core/battery/chemistry.hpp"
#include "core/battery/resistance/baseline.hpp"
#include "core/site/measuring.hpp"

namespace sitepower {
namespace {

constexpr double quantile_z = 1.2816;  // half of an 80 % interval of a normal distribution, in sigmas
// The model is wrong by so much even where a test is exact (knees, uneven jars).
constexpr double model_sigma = 0.03;
// The baseline of a monitor is good to 3 %, and so is a reading.
constexpr double ratio_sigma = 1.5 * ResistanceBaseline::instrument_sigma;

double days_between(Time from, Time to) {
    return std::max(std::chrono::duration<double, std::ratio<86'400>>(to - from).count(), 0.0);
}

// The battery's own, so that two of a kind do not share their luck.
std::uint64_t seed_of(std::string_view battery) {
    std::uint64_t hash = 0xcbf29ce484222325U;  // FNV-1a
    for (const char c : battery) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    return hash;
}

bool is_sound(const AgeingEvidence& evidence) {
    return std::isfinite(evidence.value) && std::isfinite(evidence.sigma) && evidence.sigma > 0 &&
           std::ranges::all_of(evidence.age_days,
                               [](double days) { return std::isfinite(days) && days >= 0; });
}

void tell_life(const RemainingLife& life, Estimate& rul_days, std::optional<LifeInterval>& interval,
               Time now) {
    rul_days = {.value = life.left->p50,
                .sigma = (life.left->p90 - life.left->p10) / (2 * quantile_z),
                .status = life.status,
                .reason = life.reason,
                .as_of = now};
    interval = LifeInterval{life.left->p10, life.left->p90, life.censored};
}

}  // namespace

Ageing::Ageing(const SiteModel& model, const BatterySettings& settings)
    : model_(model), aged_(model.batteries.size()) {
    priors_.design_life_years = settings.design_life_years;
    priors_.end_of_life = settings.eol_soh_pct / 100;
    for (std::size_t i = 0; i < aged_.size(); ++i) start_anew(static_cast<BatteryIndex>(i));
}

void Ageing::start_anew(BatteryIndex battery) {
    const BatteryModel& of = model_.batteries[position(battery)];
    const bool is_undated = !is_lithium(model_.strings[position(of.string)].chemistry) && !of.installed_date;
    Aged& aged = aged_[position(battery)];
    aged = {};
    aged.rul_days = unknown_estimate(is_undated ? "no_install_date" : "no_capacity_evidence");
    aged.soh_pct = unknown_estimate(is_undated ? "no_install_date" : missing_evidence(battery));
}

bool Ageing::has_float_model(BatteryIndex battery) const {
    const BatteryModel& of = model_.batteries[position(battery)];
    return of.installed_date && !is_lithium(model_.strings[position(of.string)].chemistry);
}

// Why there is nothing but a prior.
std::string_view Ageing::missing_evidence(BatteryIndex battery) const {
    const bool measured = model_.batteries[position(battery)].internal_resistance_ohm.has_value();
    return measured && has_float_model(battery) ? "no_baseline_resistance" : "no_capacity_evidence";
}

void Ageing::update(StringIndex string, Batteries& batteries, const Moment& moment) {
    for (const BatteryIndex battery : model_.strings[position(string)].batteries) {
        Aged& aged = aged_[position(battery)];
        const bool is_new = !aged.estimated_at;
        if (!is_new && moment.elapsed - *aged.sampled_at < sampling) continue;
        BatteryState& state = batteries.batteries()[position(battery)];
        sample(aged, batteries.temperature_of(battery), moment);
        if (is_new || moment.elapsed - *aged.estimated_at >= estimate_interval) {
            estimate(battery, aged, state, moment);
        }
        state.rul_days = aged.rul_days;
        state.rul_interval = aged.rul_interval;
        // What the pack itself reports has been taken already.
        if (!model_.batteries[position(battery)].soh_pct) state.soh_pct = aged.soh_pct;
    }
}

void Ageing::sample(Aged& aged, std::optional<double> temperature_c, const Moment& moment) const {
    if (aged.sampled_at && temperature_c) {
        const Duration elapsed = moment.elapsed - *aged.sampled_at;
        if (elapsed <= longest_sample) aged.thermal.add(elapsed, *temperature_c);
    }
    aged.sampled_at = moment.elapsed;
}

void Ageing::estimate(BatteryIndex battery, Aged& aged, const BatteryState& state,
                      const Moment& moment) const {
    aged.estimated_at = moment.elapsed;
    if (!has_float_model(battery)) {
        const Estimate fused = aged.fusion.soh_pct(moment.wall);
        if (fused.value) aged.soh_pct = fused;
        return;
    }
    const double service_days =
        days_between(*model_.batteries[position(battery)].installed_date, moment.wall);
    if (!aged.life) replay(battery, aged);
    take_ratio(aged, state, moment, service_days);
    estimate_on_float(battery, aged, moment);
}

void Ageing::take_ratio(Aged& aged, const BatteryState& state, const Moment& moment,
                        double service_days) const {
    if (!state.resistance_ratio.value) return;
    const auto last = std::ranges::find(aged.evidence.rbegin(), aged.evidence.rend(),
                                        AgeingEvidence::Kind::ratio, &AgeingEvidence::kind);
    if (last != aged.evidence.rend() && moment.wall - last->time < ratio_interval) return;
    add(aged, {AgeingEvidence::Kind::ratio, moment.wall, *state.resistance_ratio.value, ratio_sigma,
               aged.thermal.age_days(service_days)});
    aged.life->learn_ratio(*state.resistance_ratio.value, ratio_sigma, {aged.evidence.back().age_days, {}});
}

void Ageing::estimate_on_float(BatteryIndex battery, Aged& aged, const Moment& moment) const {
    const double service_days =
        days_between(*model_.batteries[position(battery)].installed_date, moment.wall);
    const BatteryAge age{aged.thermal.age_days(service_days), aged.thermal.rate()};
    const HealthPosterior health = aged.life->health(age);
    const bool is_wide = health.sigma > HealthFusion::degraded_above;
    aged.soh_pct = {.value = 100 * health.mean,
                    .sigma = 100 * health.sigma,
                    .status = is_wide ? EstimateStatus::degraded : EstimateStatus::ok,
                    .reason = is_wide ? "no_capacity_evidence" : "",
                    .as_of = moment.wall};
    RemainingLife life = aged.life->remaining(age, horizon_days);
    if (aged.evidence.empty()) {
        aged.soh_pct.status = life.status = EstimateStatus::prior_only;
        aged.soh_pct.reason = life.reason = missing_evidence(battery);
    } else if (is_wide) {
        life.status = EstimateStatus::degraded;
        life.reason = "no_capacity_evidence";
    }
    tell_life(life, aged.rul_days, aged.rul_interval, moment.wall);
}

void Ageing::learn(BatteryIndex battery, const HealthEvidence& test) {
    Aged& aged = aged_[position(battery)];
    aged.estimated_at.reset();
    if (!has_float_model(battery)) {
        aged.fusion.learn(test);
        return;
    }
    const double service_days = days_between(*model_.batteries[position(battery)].installed_date, test.time);
    const double sigma = std::hypot(test.sigma, model_sigma);
    const AgeingEvidence evidence{AgeingEvidence::Kind::capacity, test.time, test.health, sigma,
                                  aged.thermal.age_days(service_days)};
    if (!is_sound(evidence)) return;
    if (!aged.life) replay(battery, aged);
    add(aged, evidence);
    aged.life->learn_health(evidence.value, evidence.sigma, {evidence.age_days, {}});
}

void Ageing::add(Aged& aged, const AgeingEvidence& evidence) const {
    if (aged.evidence.size() >= most_evidence) {
        const auto ratio =
            std::ranges::find(aged.evidence, AgeingEvidence::Kind::ratio, &AgeingEvidence::kind);
        aged.evidence.erase(ratio == aged.evidence.end() ? aged.evidence.begin() : ratio);
    }
    aged.evidence.push_back(evidence);
}

// Particles are not stored: the same evidence makes the same ones.
void Ageing::replay(BatteryIndex battery, Aged& aged) const {
    aged.life = std::make_unique<FloatLife>(priors_, seed_of(model_.batteries[position(battery)].id));
    for (const AgeingEvidence& evidence : aged.evidence) {
        const BatteryAge age{evidence.age_days, {}};
        if (evidence.kind == AgeingEvidence::Kind::capacity) {
            aged.life->learn_health(evidence.value, evidence.sigma, age);
        } else {
            aged.life->learn_ratio(evidence.value, evidence.sigma, age);
        }
    }
}

AgeingMemory Ageing::memory(BatteryIndex battery) const {
    const Aged& aged = aged_[position(battery)];
    return {aged.thermal.memory(), aged.evidence, aged.fusion.posterior()};
}

void Ageing::restore(BatteryIndex battery, const AgeingMemory& memory) {
    Aged& aged = aged_[position(battery)];
    aged.thermal.restore(memory.thermal);
    aged.fusion.restore(memory.fused);
    aged.evidence = memory.evidence;
    std::erase_if(aged.evidence, [](const AgeingEvidence& evidence) { return !is_sound(evidence); });
    if (aged.evidence.size() > most_evidence) aged.evidence.resize(most_evidence);
    aged.life.reset();
    aged.estimated_at.reset();
}

}  // namespace sitepower
