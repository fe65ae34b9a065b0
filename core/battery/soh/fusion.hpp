// The state of health of one battery from all evidence, oldest first: a Gaussian that each evidence narrows
// and time widens. For batteries without a model of their ageing (lithium packs, lead-acid without a date).
// Owned with its battery.
#pragma once

#include <optional>

#include "core/battery/soh/evidence.hpp"
#include "core/site/state.hpp"

namespace sitepower {

class HealthFusion {
  public:
    // What a battery may lose unseen in a year (1 sigma), and how much in the middle. Engineering defaults.
    static constexpr double drift_per_year = 0.02;
    static constexpr double drift_sigma_per_year = 0.02;
    // Beyond it an estimate is degraded.
    static constexpr double degraded_above = 0.10;
    // An evidence so many standard deviations away says that what was believed before was too sure: it counts
    // as being as uncertain as the distance tells. A battery may fail between two tests.
    static constexpr double surprise_sigmas = 2;

    // Ignored when older than the last one. Nothing is known of the time after `now`: what is dated later is
    // a mistake of the date, and counts as if it were of the time of `evidence`.
    void learn(const HealthEvidence& evidence, Time now);
    // In %, at `now`. Unknown (no_capacity_evidence) before the first evidence; degraded with the same reason
    // when the last one is too long ago.
    Estimate soh_pct(Time now) const;

    const std::optional<HealthEvidence>& posterior() const { return posterior_; }
    // Anything that is not finite or out of range is not taken over.
    void restore(const std::optional<HealthEvidence>& posterior);

  private:
    static HealthEvidence aged(const HealthEvidence& evidence, Time now);

    std::optional<HealthEvidence> posterior_;
};

}  // namespace sitepower
