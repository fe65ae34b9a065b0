#include "core/battery/soh/fusion.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace sitepower {
namespace {

double years_between(Time from, Time to) {
    return std::max(std::chrono::duration<double, std::ratio<31'557'600>>(to - from).count(), 0.0);
}

}  // namespace

HealthEvidence HealthFusion::aged(const HealthEvidence& evidence, Time now) {
    const double years = years_between(evidence.time, now);
    const double unseen = drift_sigma_per_year * years;
    return {std::max(evidence.time, now), std::max(evidence.health - drift_per_year * years, 0.01),
            std::sqrt(evidence.sigma * evidence.sigma + unseen * unseen)};
}

void HealthFusion::learn(const HealthEvidence& evidence, Time now) {
    if (!posterior_) {
        posterior_ = evidence;
        return;
    }
    if (posterior_->time > now) posterior_->time = evidence.time;
    if (evidence.time < posterior_->time) return;
    const HealthEvidence before = aged(*posterior_, evidence.time);
    const double variance = evidence.sigma * evidence.sigma;
    const double distance = evidence.health - before.health;
    const double at_least = distance * distance / (surprise_sigmas * surprise_sigmas) - variance;
    const double of_before = std::max(before.sigma * before.sigma, at_least);
    const double gain = of_before / (of_before + variance);
    posterior_ = {evidence.time, before.health + gain * distance, std::sqrt(of_before * (1 - gain))};
}

Estimate HealthFusion::soh_pct(Time now) const {
    if (!posterior_) return {.value = std::nullopt, .reason = "no_capacity_evidence", .as_of = now};
    const HealthEvidence present = aged(*posterior_, now);
    const bool is_wide = present.sigma > degraded_above;
    return {.value = 100 * present.health,
            .sigma = 100 * present.sigma,
            .status = is_wide ? EstimateStatus::degraded : EstimateStatus::ok,
            .reason = is_wide ? "no_capacity_evidence" : "",
            .as_of = present.time};
}

void HealthFusion::restore(const std::optional<HealthEvidence>& posterior) {
    const bool is_sound = posterior && posterior->health > 0 && posterior->health < 1.5 &&
                          posterior->sigma > 0 && posterior->sigma < 1;
    posterior_ = is_sound ? posterior : std::nullopt;
}

}  // namespace sitepower
