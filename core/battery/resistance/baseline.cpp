#include "core/battery/resistance/baseline.hpp"

#include <algorithm>
#include <cmath>

#include "core/battery/chemistry.hpp"
#include "core/battery/median.hpp"

namespace sitepower {

ResistanceBaseline::ResistanceBaseline(Chemistry chemistry, int readings, Duration interval)
    : chemistry_(chemistry), wanted_(static_cast<std::size_t>(std::max(readings, 1))), interval_(interval) {}

// Without a temperature a reading would shift the baseline by the season: it is not learnt from.
void ResistanceBaseline::learn(const ResistanceReading& reading) {
    if (baseline_ohm_ || reading.ohm <= 0 || !reading.temperature_c) return;
    if (last_learnt_ && reading.elapsed - *last_learnt_ < interval_) return;
    last_learnt_ = reading.elapsed;
    learnt_until_ = reading.time;
    readings_ohm_.push_back(resistance_at_25(chemistry_, reading.ohm, *reading.temperature_c));
    conclude();
}

void ResistanceBaseline::conclude() {
    if (readings_ohm_.size() < wanted_) return;
    baseline_ohm_ = median_of(readings_ohm_);
    readings_ohm_ = {};
}

Estimate ResistanceBaseline::ratio(const ResistanceReading& reading) const {
    Estimate estimate{.value = std::nullopt, .reason = "no_baseline_resistance", .as_of = reading.time};
    if (!baseline_ohm_) return estimate;
    const double ohm = reading.temperature_c
                           ? resistance_at_25(chemistry_, reading.ohm, *reading.temperature_c)
                           : reading.ohm;
    estimate.value = ohm / *baseline_ohm_;
    estimate.sigma = *estimate.value * instrument_sigma * std::sqrt(1 + 1.57 / static_cast<double>(wanted_));
    estimate.status = reading.temperature_c ? EstimateStatus::ok : EstimateStatus::degraded;
    estimate.reason = reading.temperature_c ? "" : "no_temperature_sensor";
    return estimate;
}

void ResistanceBaseline::restore(std::optional<double> baseline_ohm, std::vector<double> readings_ohm,
                                 std::optional<Time> learnt_until) {
    learnt_until_ = learnt_until;
    const auto plausible = [](double ohm) { return std::isfinite(ohm) && ohm > 0; };
    if (baseline_ohm && plausible(*baseline_ohm)) {
        baseline_ohm_ = baseline_ohm;
        return;
    }
    std::erase_if(readings_ohm, [&](double ohm) { return !plausible(ohm); });
    readings_ohm_ = std::move(readings_ohm);
    conclude();
}

void ResistanceBaseline::forget() {
    baseline_ohm_.reset();
    readings_ohm_.clear();
    last_learnt_.reset();
    learnt_until_.reset();
}

}  // namespace sitepower
