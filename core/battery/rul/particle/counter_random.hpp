// Random numbers that are a function of (seed, counter): no state to keep, the same on every machine.
// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014) as a hash; normal numbers by the inverse distribution
// function. Pure.
#pragma once

#include <cstdint>

namespace sitepower {

class CounterRandom {
  public:
    explicit CounterRandom(std::uint64_t seed) : seed_(seed) {}

    std::uint64_t bits(std::uint64_t counter) const;
    // In (0, 1).
    double uniform(std::uint64_t counter) const;
    // Mean 0, standard deviation 1.
    double normal(std::uint64_t counter) const;

  private:
    std::uint64_t seed_;
};

// The x below which a standard normal variable lies with probability p, 0 < p < 1. Rational approximation by
// P. J. Acklam (2003), relative error below 1.2e-9.
double inverse_normal(double p);

}  // namespace sitepower
