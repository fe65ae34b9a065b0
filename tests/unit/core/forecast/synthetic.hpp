// Series for the tests of forecasters: made from sines, a small generator and nothing else.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

#include "core/forecast/expert.hpp"

namespace sitepower::forecast {

// Uniform in -1..1; the same on every machine.
class Noise {
  public:
    explicit Noise(std::uint32_t seed) : state_(seed * 2654435761U + 1) {}
    double next() {
        state_ = state_ * 1664525U + 1013904223U;
        return static_cast<double>(state_ >> 8U) / 8388608.0 - 1;
    }

  private:
    std::uint32_t state_;
};

// Day and week of a load, about 100, with noise of so much.
inline double daily(std::size_t t, std::size_t day = 24) {
    const double turn = 2 * std::numbers::pi * static_cast<double>(t) / static_cast<double>(day);
    const bool weekend = t / day % 7 >= 5;
    return 100 + 30 * std::sin(turn) + 10 * std::cos(2 * turn) - (weekend ? 20 : 0);
}

struct Series {
    std::vector<double> values;
    std::vector<std::uint8_t> learnable;
    std::vector<std::uint16_t> slots;
    Seasons seasons;

    History history() const {
        return {.values = values, .learnable = learnable, .slots = slots, .seasons = seasons};
    }
    // The history up to a value, with as many slots after it.
    History until(std::size_t n, std::size_t horizon) const {
        return {.values = std::span(values).first(n),
                .learnable = std::span(learnable).first(n),
                .slots = std::span(slots).first(n + horizon),
                .seasons = seasons};
    }
};

inline Series make_series(std::size_t n, double noise, std::size_t horizon = 48, std::uint32_t seed = 1,
                          std::size_t day = 24) {
    Series series;
    series.seasons = {.day = day, .week = 7 * day};
    Noise random(seed);
    for (std::size_t t = 0; t < n; ++t) series.values.push_back(daily(t, day) + noise * random.next());
    series.learnable.assign(n, 1);
    for (std::size_t t = 0; t < n + horizon; ++t) {
        series.slots.push_back(static_cast<std::uint16_t>(t % series.seasons.week));
    }
    return series;
}

// Mean absolute error of what `expert` says of the clean continuation of make_series.
template <class Forecasts>
double continuation_error(const Forecasts& forecasts, std::size_t n) {
    double sum = 0;
    for (std::size_t h = 0; h < forecasts.size(); ++h) sum += std::abs(forecasts[h] - daily(n + h));
    return sum / static_cast<double>(forecasts.size());
}

}  // namespace sitepower::forecast
