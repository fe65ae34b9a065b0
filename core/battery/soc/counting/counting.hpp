// Coulomb counting: integrates the string's current, starts from a full-charge anchor, and lets its
// uncertainty grow until the next one. Knows nothing it has not been anchored to.
#pragma once

#include <memory>
#include <vector>

#include "core/battery/estimator.hpp"
#include "core/battery/soc/full_charge.hpp"

namespace sitepower {

// The figures of the method, as shares of the capacity C where they are currents or charges. Engineering
// defaults unless noted.
struct CountingParameters {
    double anchor_sigma = 0.01;     // of a full-charge anchor (estimation.md section 2)
    double offset_sigma_c = 0.002;  // offset of the current sensor, C per hour
    double gain_sigma = 0.01;       // of the current sensor, per Ah
    double step_c = 0.05;           // a larger change between samples happened at an unknown time
    double gap_sigma_c = 0.1;       // what may have flowed unseen, C per hour
    double degraded_above = 0.05;   // sigma beyond which an estimate is degraded,
    double unknown_above = 0.25;    // and beyond which it is none
};

class CountingEstimator : public SocEstimator {
  public:
    explicit CountingEstimator(const GroupSetup& setup, const CountingParameters& parameters = {});

    void step(const GroupSample& sample, std::span<Estimate> soc_pct) override;
    ChargeMemory memory(std::size_t battery) const override;
    void restore(std::size_t battery, const ChargeMemory& memory) override;

  private:
    struct Counter {
        bool known = false;
        bool gap = false;        // since the last anchor some current went unseen
        bool overdrawn = false;  // more was taken than the capacity holds
        double share = 1;        // of the nominal capacity, that it holds
        double missing_ah = 0;   // to full
        double sigma_ah = 0;
    };

    void count_gap(Duration elapsed);
    void count(double current_a, Duration elapsed);
    void anchor(const GroupSample& sample);
    Estimate estimate(const GroupSample& sample, std::size_t battery) const;

    GroupSetup setup_;
    CountingParameters parameters_;
    FullChargeWatch full_charge_;
    std::vector<Counter> counters_;
    std::optional<double> last_current_a_;
};

std::unique_ptr<SocEstimator> make_counting_estimator(const GroupSetup& setup);

}  // namespace sitepower
