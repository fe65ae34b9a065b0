// Whether a series does what was never seen of it: conformal p-values of one-step errors, an event when two
// within three steps are too rare, and no second event until it has been quiet. Owned by the engine, one for
// each series; does not allocate.
#pragma once

#include <cstdint>
#include <optional>

#include "core/forecast/blob.hpp"

namespace sitepower::forecast {

struct AnomalySettings {
    double p_limit = 1e-3;           // 1 / the expected number of samples between false alarms, about
    std::uint32_t within = 3;        // two below the limit within so many steps are an event
    std::uint32_t clear_after = 12;  // steps in a row above the clear level end it
    double p_clear = 0.05;
};

struct AnomalyEvent {
    double p_value = 1;
    double severity = 0;  // -log10 of the p-value: 3 is one in a thousand
};

class AnomalyDetector {
  public:
    explicit AnomalyDetector(const AnomalySettings& settings) : settings_(settings) {}

    // The p-value of a new sample (1 where there is none: filled in, or no forecast yet). An event once at
    // its beginning.
    std::optional<AnomalyEvent> see(double p_value);
    bool active() const { return active_; }

    void save(BlobWriter& writer) const;
    void load(BlobReader& reader);

  private:
    AnomalySettings settings_;
    bool active_ = false;
    std::uint32_t since_rare_ = 1'000'000;  // steps
    std::uint32_t quiet_ = 0;
};

}  // namespace sitepower::forecast
