#include "core/site/ageing.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <tuple>

#include "core/battery/chemistry.hpp"
#include "core/battery/resistance/baseline.hpp"
#include "core/battery/rul/trajectory/library.hpp"
#include "core/site/measuring.hpp"

namespace sitepower {
namespace {

constexpr double quantile_z = 1.2816;  // half of an 80 % interval of a normal distribution, in sigmas
// The model is wrong by so much even where a test is exact (knees, uneven jars).
constexpr double model_sigma = 0.03;
// The baseline of a monitor is good to 3 %, and so is a reading.
constexpr double ratio_sigma = 1.5 * ResistanceBaseline::instrument_sigma;
// What is dated further ahead was learnt under a wrong clock.
constexpr Duration longest_lead = std::chrono::hours(24);

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
           std::isfinite(evidence.cycles) && std::ranges::all_of(evidence.age_days, [](double days) {
               return std::isfinite(days) && days >= 0;
           });
}

// The history of a battery in cycles, for the predictor: ages ascend, and what was measured within half a
// cycle is one measurement.
struct CycledHistory {
    static constexpr double same_age = 0.5;

    std::array<double, Ageing::most_evidence> age{};
    std::array<double, Ageing::most_evidence> health{};
    std::size_t count = 0;
    double last_sigma = 0;  // of the last point

    CycledHistory(std::span<const AgeingEvidence> evidence, double unseen_cycles) {
        std::array<std::tuple<double, double, double>, Ageing::most_evidence> points{};
        std::size_t known = 0;
        for (const AgeingEvidence& each : evidence) {
            const bool tells =
                each.kind == AgeingEvidence::Kind::capacity || each.kind == AgeingEvidence::Kind::reported;
            if (!tells || known == points.size()) continue;
            points[known++] = {std::max(1 + unseen_cycles + each.cycles, 1.0), each.value, each.sigma};
        }
        const auto found = std::span(points).first(known);
        std::ranges::sort(found);
        double of_one = 0;
        for (const auto& [cycles, value, sigma] : found) {
            last_sigma = sigma;
            if (count > 0 && cycles - age[count - 1] < same_age) {
                of_one += 1;
                health[count - 1] += (value - health[count - 1]) / of_one;
                continue;
            }
            of_one = 1;
            age[count] = cycles;
            health[count++] = value;
        }
    }
    FadeHistory view() const { return {std::span(age).first(count), std::span(health).first(count)}; }
    CycledHistory raised(double by) const {
        CycledHistory better = *this;
        for (double& value : better.health) value += by;
        return better;
    }
};

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
    : model_(model),
      aged_(model.batteries.size()),
      throughputs_(model.strings.size()),
      predictors_of_(model.strings.size(), nullptr) {
    priors_.design_life_years = settings.design_life_years;
    priors_.end_of_life = settings.eol_soh_pct / 100;
    std::map<const FadeSource*, TrajectoryPredictor*> made;
    for (std::size_t i = 0; i < model.strings.size(); ++i) {
        const FadeSource* source = model.strings[i].fade.get();
        if (!source) continue;
        const auto [place, is_new] = made.try_emplace(source, nullptr);
        if (is_new) {
            // Refused where none of its batteries was followed to that end of life.
            auto library = FadeLibrary::make(*source, priors_.end_of_life);
            if (library) {
                predictors_.push_back(std::make_unique<TrajectoryPredictor>(
                    std::make_shared<const FadeLibrary>(std::move(*library))));
                place->second = predictors_.back().get();
            }
        }
        predictors_of_[i] = place->second;
    }
    for (std::size_t i = 0; i < aged_.size(); ++i) start_anew(static_cast<BatteryIndex>(i));
}

void Ageing::start_anew(BatteryIndex battery) {
    const BatteryModel& of = model_.batteries[position(battery)];
    const bool is_undated = !is_lithium(model_.strings[position(of.string)].chemistry) && !of.installed_date;
    Aged& aged = aged_[position(battery)];
    aged = {};
    aged.taken = throughputs_[position(of.string)].total;
    aged.rul_days = unknown_estimate(is_undated ? "no_install_date" : "no_capacity_evidence");
    aged.soh_pct = unknown_estimate(is_undated ? "no_install_date" : missing_evidence(battery));
}

bool Ageing::has_float_model(BatteryIndex battery) const {
    const BatteryModel& of = model_.batteries[position(battery)];
    return of.installed_date && !is_lithium(model_.strings[position(of.string)].chemistry);
}

bool Ageing::is_cycled(BatteryIndex battery) const {
    return is_lithium(model_.strings[position(model_.batteries[position(battery)].string)].chemistry);
}

// Why there is nothing but a prior.
std::string_view Ageing::missing_evidence(BatteryIndex battery) const {
    const bool measured = model_.batteries[position(battery)].internal_resistance_ohm.has_value();
    return measured && has_float_model(battery) ? "no_baseline_resistance" : "no_capacity_evidence";
}

void Ageing::count(StringIndex string, const Batteries& batteries, const Moment& moment) {
    Throughput& flow = throughputs_[position(string)];
    const auto& current_a = batteries.strings()[position(string)].current_a.value;
    if (flow.counted_at && current_a) {
        const Duration elapsed = moment.elapsed - *flow.counted_at;
        if (elapsed > Duration::zero() && elapsed <= longest_sample) {
            const double hours = std::chrono::duration<double, std::ratio<3600>>(elapsed).count();
            flow.total.discharged_ah += std::max(-*current_a, 0.0) * hours;
            flow.total.seen += elapsed;
        }
    }
    flow.counted_at = moment.elapsed;
}

void Ageing::update(StringIndex string, Batteries& batteries, const Moment& moment) {
    if (is_lithium(model_.strings[position(string)].chemistry)) count(string, batteries, moment);
    for (const BatteryIndex battery : model_.strings[position(string)].batteries) {
        Aged& aged = aged_[position(battery)];
        BatteryState& state = batteries.batteries()[position(battery)];
        const bool is_new = !aged.estimated_at;
        const bool is_due = is_new || moment.elapsed - *aged.sampled_at >= sampling;
        const bool reports = model_.batteries[position(battery)].soh_pct.has_value();
        if (!is_due && !reports) continue;
        const Estimate reported = batteries.reported_soh_pct(battery);
        if (!is_due) {
            state.soh_pct = surest(battery, aged, reported);
            continue;
        }
        sample(battery, aged, batteries.temperature_of(battery), moment);
        if (is_new || moment.elapsed - *aged.estimated_at >= estimate_interval) {
            estimate(battery, aged, state, reported, moment);
        }
        compare(battery, aged, reported, moment.wall);
        state.rul_days = aged.rul_days;
        state.rul_interval = aged.rul_interval;
        state.soh_pct = surest(battery, aged, reported);
    }
}

void Ageing::sample(BatteryIndex battery, Aged& aged, std::optional<double> temperature_c,
                    const Moment& moment) const {
    if (aged.sampled_at && temperature_c) {
        const Duration elapsed = moment.elapsed - *aged.sampled_at;
        if (elapsed <= longest_sample) aged.thermal.add(elapsed, *temperature_c);
    }
    const StringIndex string = model_.batteries[position(battery)].string;
    const Use& total = throughputs_[position(string)].total;
    aged.cycles.add(total.seen - aged.taken.seen, total.discharged_ah - aged.taken.discharged_ah,
                    model_.strings[position(string)].nominal_capacity_ah);
    aged.taken = total;
    aged.sampled_at = moment.elapsed;
    aged.last_wall = moment.wall;
}

void Ageing::estimate(BatteryIndex battery, Aged& aged, const BatteryState& state, const Estimate& reported,
                      const Moment& moment) {
    aged.estimated_at = moment.elapsed;
    if (!has_float_model(battery)) {
        const Estimate fused = aged.fusion.soh_pct(moment.wall);
        if (fused.value) aged.soh_pct = fused;
        if (!is_cycled(battery)) return;
        compare(battery, aged, reported, moment.wall);
        take_reported(battery, aged, surest(battery, aged, reported), moment.wall);
        estimate_in_cycles(battery, aged, moment);
        return;
    }
    const double service_days =
        days_between(*model_.batteries[position(battery)].installed_date, moment.wall);
    // Its age is wrong too. Before the battery was there, it is this clock that is wrong.
    const auto is_ahead = [&](const AgeingEvidence& evidence) {
        return evidence.kind == AgeingEvidence::Kind::ratio && evidence.time > moment.wall + longest_lead;
    };
    if (service_days > 0 && std::erase_if(aged.evidence, is_ahead) > 0) aged.life.reset();
    if (!aged.life) replay(battery, aged);
    take_ratio(aged, state, moment, service_days);
    estimate_on_float(battery, aged, moment);
}

// Uses that nobody counted are taken to have been like those that were.
double Ageing::unseen_cycles(BatteryIndex battery, const Aged& aged, Time now) const {
    const auto& installed = model_.batteries[position(battery)].installed_date;
    if (!installed || aged.cycles.memory().seen_days < fewest_seen_days) return 0;
    const double unseen_days = days_between(*installed, now) - aged.cycles.memory().seen_days;
    return std::max(unseen_days, 0.0) * aged.cycles.cycles_per_day();
}

// When a health was last measured, and not merely reported.
std::optional<Time> Ageing::measured_at(BatteryIndex battery, const Aged& aged) const {
    if (!has_float_model(battery)) {
        return aged.fusion.posterior() ? std::optional(aged.fusion.posterior()->time) : std::nullopt;
    }
    const auto last = std::ranges::find(aged.evidence.rbegin(), aged.evidence.rend(),
                                        AgeingEvidence::Kind::capacity, &AgeingEvidence::kind);
    return last == aged.evidence.rend() ? std::nullopt : std::optional(last->time);
}

// A test tells how far off the report is. Once per test, with the first report since then.
void Ageing::compare(BatteryIndex battery, Aged& aged, const Estimate& reported, Time now) const {
    if (!reported.value || !aged.soh_pct.value) return;
    const auto measured = measured_at(battery, aged);
    const auto last = std::ranges::find(aged.evidence, AgeingEvidence::Kind::compared, &AgeingEvidence::kind);
    if (!measured || (last != aged.evidence.end() && last->time >= *measured)) return;
    if (last != aged.evidence.end()) aged.evidence.erase(last);
    // Apart from the doubt of the test itself.
    const double distance_pct = *reported.value - *aged.soh_pct.value;
    const double excess = distance_pct * distance_pct - aged.soh_pct.sigma * aged.soh_pct.sigma;
    const double sigma_pct = std::max(std::sqrt(std::max(excess, 0.0)), reported.sigma);
    add(aged, {.kind = AgeingEvidence::Kind::compared,
               .time = std::max(now, *measured),
               .value = *reported.value / 100,
               .sigma = sigma_pct / 100});
}

// Of what was measured and what the battery reports, which has the doubt that the last test found. A report
// that has fallen since then, and says less than was measured, may tell of a fault that no test has seen yet.
Estimate Ageing::surest(BatteryIndex battery, const Aged& aged, const Estimate& reported) const {
    if (!model_.batteries[position(battery)].soh_pct) return aged.soh_pct;
    if (!measured_at(battery, aged) || !aged.soh_pct.value) return reported;
    if (!reported.value) return aged.soh_pct;
    const auto compared =
        std::ranges::find(aged.evidence, AgeingEvidence::Kind::compared, &AgeingEvidence::kind);
    if (compared == aged.evidence.end()) return aged.soh_pct;
    const double lower_pct = std::min(*aged.soh_pct.value, 100 * compared->value);
    if (*reported.value < lower_pct - reported.sigma) return reported;
    Estimate as_found = reported;
    as_found.sigma = 100 * compared->sigma;
    return as_found.sigma < aged.soh_pct.sigma ? as_found : aged.soh_pct;
}

void Ageing::take_reported(BatteryIndex battery, Aged& aged, const Estimate& soh_pct, Time now) const {
    if (!soh_pct.value || soh_pct.reason != reported_by_bms) return;
    const auto last = std::ranges::find(aged.evidence.rbegin(), aged.evidence.rend(),
                                        AgeingEvidence::Kind::reported, &AgeingEvidence::kind);
    if (last != aged.evidence.rend()) {
        const double age = 1 + unseen_cycles(battery, aged, now) + aged.cycles.cycles();
        if (aged.cycles.cycles() - last->cycles < std::max(reported_growth * age, 1.0)) return;
    }
    const AgeingEvidence evidence{.kind = AgeingEvidence::Kind::reported,
                                  .time = now,
                                  .value = *soh_pct.value / 100,
                                  .sigma = soh_pct.sigma / 100,
                                  .cycles = aged.cycles.cycles()};
    if (is_sound(evidence) && evidence.value > 0) add(aged, evidence);
}

// In cycles from now on.
RemainingLife Ageing::life_in_cycles(BatteryIndex battery, const Aged& aged, double unseen) {
    const BatteryModel& of = model_.batteries[position(battery)];
    TrajectoryPredictor& predictor = *predictors_of_[position(of.string)];
    const CycledHistory history(aged.evidence, unseen);
    RemainingLife life = predictor.predict({.history = history.view(), .group = of.model});
    if (!life.left) return life;
    // At its end, by a health that has its doubt: nine in ten are no better than this. Where that is the end,
    // too, it is past all doubt, however few have told.
    if (life.left->p90 <= 0) {
        const CycledHistory better = history.raised(quantile_z * history.last_sigma);
        const RemainingLife at_best = predictor.predict({.history = better.view(), .group = of.model});
        if (at_best.left) life.left->p90 = at_best.left->p50;
        if (life.left->p90 <= 0) {
            life.status = EstimateStatus::ok;
            life.reason = "";
        }
    }
    const double last_age = history.count > 0 ? history.age[history.count - 1] : 1;
    const double since = std::max(1 + unseen + aged.cycles.cycles() - last_age, 0.0);
    for (double* left : {&life.left->p10, &life.left->p50, &life.left->p90}) {
        *left = std::max(*left - since, 0.0);
    }
    return life;
}

bool Ageing::is_tested(const Aged& aged) {
    return std::ranges::any_of(aged.evidence, [](const AgeingEvidence& evidence) {
        return evidence.kind == AgeingEvidence::Kind::capacity;
    });
}

void Ageing::estimate_in_cycles(BatteryIndex battery, Aged& aged, const Moment& moment) {
    aged.rul_interval.reset();
    const auto unknown = [&](std::string_view reason) {
        const bool is_told = !aged.evidence.empty();
        aged.rul_days = unknown_estimate(is_told ? reason : "no_capacity_evidence", moment.wall);
    };
    if (!predictors_of_[position(model_.batteries[position(battery)].string)]) {
        unknown("no_fade_library");
        return;
    }
    RemainingLife life = life_in_cycles(battery, aged, unseen_cycles(battery, aged, moment.wall));
    if (!life.left) {
        unknown(life.reason);
        return;
    }
    const double per_day = aged.cycles.cycles_per_day();
    if (life.left->p90 > 0) {
        if (aged.cycles.memory().seen_days < fewest_seen_days) {
            unknown("no_cycle_rate");
            return;
        }
        if (per_day < fewest_cycles_per_day) {
            unknown("out_of_model_range");
            return;
        }
        life.censored = life.left->p50 > horizon_days * per_day;
        for (double* left : {&life.left->p10, &life.left->p50, &life.left->p90}) {
            *left = std::min(*left / per_day, horizon_days);
        }
    }
    if (life.status == EstimateStatus::ok && !is_tested(aged)) {
        life.status = EstimateStatus::degraded;
        life.reason = reported_by_bms;
    } else if (life.status == EstimateStatus::ok && aged.soh_pct.status == EstimateStatus::degraded) {
        life.status = EstimateStatus::degraded;
        life.reason = "no_capacity_evidence";
    }
    tell_life(life, aged.rul_days, aged.rul_interval, moment.wall);
}

void Ageing::take_ratio(Aged& aged, const BatteryState& state, const Moment& moment,
                        double service_days) const {
    const Estimate& ratio = state.resistance_ratio;
    if (!ratio.value || ratio.status != EstimateStatus::ok) return;
    const auto last = std::ranges::find(aged.evidence.rbegin(), aged.evidence.rend(),
                                        AgeingEvidence::Kind::ratio, &AgeingEvidence::kind);
    if (last != aged.evidence.rend() && moment.wall - last->time < ratio_interval) return;
    const ThermalAge::PerNode age_days = aged.thermal.age_days(service_days);
    if (!aged.life->learn_ratio(*ratio.value, ratio_sigma, {age_days, {}})) return;
    add(aged, {AgeingEvidence::Kind::ratio, moment.wall, *ratio.value, ratio_sigma, age_days});
}

void Ageing::estimate_on_float(BatteryIndex battery, Aged& aged, const Moment& moment) const {
    const double service_days =
        days_between(*model_.batteries[position(battery)].installed_date, moment.wall);
    const BatteryAge age{aged.thermal.age_days(service_days), aged.thermal.rate()};
    const HealthPosterior health = aged.life->health(age);
    const bool is_wide = health.sigma > HealthFusion::degraded_above;
    // More than rated is for a test to say.
    const double highest_pct = is_tested(aged) ? 100 * health.mean : 100;
    aged.soh_pct = {.value = std::min(100 * health.mean, highest_pct),
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
        aged.fusion.learn(test, std::max(test.time, aged.last_wall.value_or(test.time)));
        const double before_days = days_between(test.time, aged.last_wall.value_or(test.time));
        const AgeingEvidence evidence{
            .kind = AgeingEvidence::Kind::capacity,
            .time = test.time,
            .value = test.health,
            .sigma = test.sigma,
            .cycles = aged.cycles.cycles() - before_days * aged.cycles.cycles_per_day()};
        if (!is_cycled(battery) || !is_sound(evidence)) return;
        forget_contradicted(aged, evidence);
        add(aged, evidence);
        return;
    }
    const Time now = std::max(test.time, aged.last_wall.value_or(test.time));
    const double service_days = days_between(*model_.batteries[position(battery)].installed_date, now);
    const double sigma = std::hypot(test.sigma, model_sigma);
    const AgeingEvidence evidence{AgeingEvidence::Kind::capacity, test.time, test.health, sigma,
                                  aged.thermal.age_days_before(service_days, days_between(test.time, now))};
    if (!is_sound(evidence)) return;
    add(aged, evidence);
    // Told late: the tests since then have the last word.
    std::ranges::stable_sort(aged.evidence, {}, &AgeingEvidence::time);
    aged.life.reset();
}

// Reports of the age at which a test was made; and all until then, when it has shown that they were wrong.
void Ageing::forget_contradicted(Aged& aged, const AgeingEvidence& test) {
    const auto is_report = [&test](const AgeingEvidence& told) {
        return told.kind == AgeingEvidence::Kind::reported &&
               told.cycles < test.cycles + CycledHistory::same_age;
    };
    const auto last = std::ranges::find_if(aged.evidence.rbegin(), aged.evidence.rend(), is_report);
    if (last == aged.evidence.rend()) return;
    const bool contradicts = std::abs(last->value - test.value) >
                             HealthFusion::surprise_sigmas * std::hypot(last->sigma, test.sigma);
    std::erase_if(aged.evidence, [&](const AgeingEvidence& told) {
        return is_report(told) && (contradicts || told.cycles > test.cycles - CycledHistory::same_age);
    });
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
        } else if (evidence.kind == AgeingEvidence::Kind::ratio) {
            aged.life->learn_ratio(evidence.value, evidence.sigma, age);
        }
    }
}

AgeingMemory Ageing::memory(BatteryIndex battery) const {
    const Aged& aged = aged_[position(battery)];
    return {aged.thermal.memory(), aged.evidence, aged.fusion.posterior(), aged.cycles.memory()};
}

void Ageing::restore(BatteryIndex battery, const AgeingMemory& memory) {
    Aged& aged = aged_[position(battery)];
    aged.thermal.restore(memory.thermal);
    aged.fusion.restore(memory.fused);
    aged.cycles.restore(memory.cycles);
    aged.evidence = memory.evidence;
    std::erase_if(aged.evidence, [](const AgeingEvidence& evidence) { return !is_sound(evidence); });
    if (aged.evidence.size() > most_evidence) aged.evidence.resize(most_evidence);
    aged.life.reset();
    aged.estimated_at.reset();
}

bool Ageing::take_over(StringIndex string, const Ageing& before, StringIndex old_string) {
    const bool is_judged_the_same = priors_.design_life_years == before.priors_.design_life_years &&
                                    priors_.end_of_life == before.priors_.end_of_life;
    if (!is_judged_the_same) return false;
    throughputs_[position(string)] = before.throughputs_[position(old_string)];
    const auto& batteries = model_.strings[position(string)].batteries;
    const auto& old_batteries = before.model_.strings[position(old_string)].batteries;
    for (std::size_t i = 0; i < batteries.size(); ++i) {
        Aged& aged = aged_[position(batteries[i])];
        const Aged& old = before.aged_[position(old_batteries[i])];
        aged.taken = old.taken;
        aged.last_wall = old.last_wall;
        aged.sampled_at = old.sampled_at;
        aged.estimated_at = old.estimated_at;
        aged.soh_pct = old.soh_pct;
        aged.rul_days = old.rul_days;
        aged.rul_interval = old.rul_interval;
    }
    return true;
}

}  // namespace sitepower
