// Invented days for the tests of the day-ahead forecaster; deterministic.
#pragma once

#include <chrono>
#include <cmath>
#include <cstdint>
#include <functional>
#include <vector>

#include "core/forecast/day_ahead/day.hpp"

namespace sitepower::forecast {

// Uniform in -1..1 from a linear congruential generator (Knuth's MMIX constants).
class DayNoise {
  public:
    explicit DayNoise(std::uint64_t seed) : state_(seed) {}
    double operator()() {
        state_ = state_ * 6364136223846793005U + 1442695040888963407U;
        return static_cast<double>(state_ >> 11U) / 4503599627370496.0 - 1;
    }

  private:
    std::uint64_t state_;
};

inline constexpr std::chrono::sys_days first_date{std::chrono::year{2024} / 1 / 1};

// A covariate that wanders from day to day, and a target that follows it with a daily shape and little noise.
inline std::vector<Day> synthetic_days(std::size_t count, std::size_t slots, double level = 40,
                                       double effect = 8, double noise_size = 0.5) {
    DayNoise noise(7);
    std::vector<Day> days;
    double wind = 0;
    for (std::size_t d = 0; d < count; ++d) {
        wind = 0.6 * wind + noise();
        Day day{.date = first_date + std::chrono::days{d}, .target = {}, .covariates = {{}}};
        for (std::size_t slot = 0; slot < slots; ++slot) {
            const double hour = 24.0 * static_cast<double>(slot) / static_cast<double>(slots);
            const double here = wind + 0.2 * noise();
            day.covariates[0].push_back(1000 + 300 * here);
            day.target.push_back(level + 5 * std::sin(hour / 24 * 6.283185307179586) - effect * here +
                                 noise_size * noise());
        }
        days.push_back(std::move(day));
    }
    return days;
}

inline double mean_error(const std::vector<double>& actual, const std::vector<double>& forecast) {
    double sum = 0;
    for (std::size_t i = 0; i < actual.size(); ++i) {
        sum += std::abs(actual[i] - forecast[i]);
    }
    return sum / static_cast<double>(actual.size());
}

}  // namespace sitepower::forecast
