// Random numbers that are the same on every machine for the same seed: the standard library's distributions
// are not. Owned by the simulated plant; one thread.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

namespace sitepower::sim {

// SplitMix64 (Steele, Lea, Flood 2014): small, fast, and every seed is a good one.
class Noise {
  public:
    explicit Noise(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() {
        std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
        return z ^ (z >> 31);
    }

    // In [0, 1).
    double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

    // Mean 0, standard deviation `sigma`, never further out than about 8.6 sigma (Box and Muller).
    double normal(double sigma) {
        const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
        return sigma * radius * std::cos(2.0 * std::numbers::pi * uniform());
    }

  private:
    std::uint64_t state_;
};

}  // namespace sitepower::sim
