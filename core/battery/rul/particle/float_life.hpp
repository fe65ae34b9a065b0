// Health and remaining life of a lead-acid battery on float, by a particle filter over what does not change
// in its life: 512 guesses of how long it lives, how it fades, how heat ages it and how its resistance
// follows.
//
//     s(A) = c0 - (c0 - 0.8) (A / L)^beta - d      capacity over rated at age A (ThermalAge)
//     R / R0 = 1 + kappa (c0 - d - s) / 0.2        ohmic resistance over its baseline
//
// d is what capacity tests found beyond any fade of this shape: a cell that failed, a jar that was never
// good. L is the age at 80 % of rated capacity, where IEEE 1188 replaces. Resampling shrinks and jitters (Liu
// and West 2001), so that particles do not collapse. Deterministic: the same evidence in the same order gives
// the same bits on every machine. Owned with its battery; about 28 KiB.
#pragma once

#include <array>
#include <cstdint>

#include "core/battery/rul/particle/counter_random.hpp"
#include "core/battery/rul/particle/thermal_age.hpp"
#include "core/battery/rul/remaining_life.hpp"

namespace sitepower {

// Engineering defaults; medians and logarithmic standard deviations.
struct FloatLifePriors {
    double design_life_years = 10;  // as the maker states it
    double life_per_design = 0.7;   // a 10-year class reaches 80 % after 6 to 8 years (ups.services)
    double life_sigma = 0.30;
    double beta = 3.5;  // capacity holds, then falls off: tuned on simulated jars that are not scored
    double beta_sigma = 0.35;
    double h_c = 9;  // 8.3 C (15 F) and 10 C are both stated by suppliers
    double h_sigma_c = 1;
    double kappa = 0.25;
    double kappa_sigma = 0.5;
    double c0 = 1.0;
    double c0_sigma = 0.03;
    double end_of_life = 0.8;  // health
};

// A battery's age at the moment of a question or of an evidence.
struct BatteryAge {
    ThermalAge::PerNode age_days{};
    ThermalAge::PerNode rate{};  // of the future
};

struct HealthPosterior {
    double mean = 0;
    double sigma = 0;
};

class FloatLife {
  public:
    static constexpr std::size_t particles = 512;

    FloatLife(const FloatLifePriors& priors, std::uint64_t seed);

    // Health as a test found it, with the standard deviation of the test. Ignored unless finite, health
    // within 0 to 1.5 and sigma above 0. The health follows a test however far off it is: nothing measures it
    // better, and the next test mends what was mistyped.
    void learn_health(double health, double sigma, const BatteryAge& age);
    // The same for a resistance ratio, within 0.2 to 10. Far outliers count little.
    bool learn_ratio(double ratio, double sigma, const BatteryAge& age);

    HealthPosterior health(const BatteryAge& age) const;
    // In days; p50 is the estimate with the least expected error over the life (the median of the lives
    // weighted by their inverse): an overrun costs more of a short life. Beyond the horizon (> 0) censored.
    // Status and reason are left to whoever knows the evidence.
    RemainingLife remaining(const BatteryAge& age, double horizon_days) const;
    // Probability that the end of life comes within so many days.
    double probability_within(double days, const BatteryAge& age) const;
    // Between 1 and 512: how many particles carry the weight.
    double effective_particles() const;

  private:
    using Values = std::array<double, particles>;

    double health_of(std::size_t particle, const BatteryAge& age) const;
    double days_left(std::size_t particle, const BatteryAge& age) const;
    double days_served(std::size_t particle, const BatteryAge& age) const;
    void weigh(const Values& misfits);  // in standard deviations
    void correct(double health, double sigma, const BatteryAge& age);
    void normalise();
    void resample();
    void jitter(Values& values, std::uint64_t stream);

    CounterRandom random_;
    std::uint64_t resamplings_ = 0;
    std::uint64_t tests_ = 0;
    double end_of_life_;
    Values log2_life_;  // of days
    Values log2_beta_;
    Values heat_place_;  // of h among the nodes of ThermalAge
    Values log2_kappa_;
    Values c0_;
    Values lost_{};  // of health, beyond what age explains
    Values weight_;  // sums to 1
};

}  // namespace sitepower
