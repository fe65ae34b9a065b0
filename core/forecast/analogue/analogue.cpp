#include "core/forecast/analogue/analogue.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace sitepower::forecast {
namespace {

constexpr std::size_t neighbours = 7;
constexpr double other_weekday = 1.5;  // factor on the distance

}  // namespace

Analogue::Analogue(const Seasons& seasons, std::size_t horizon, std::size_t longest_history)
    : pattern_(2 * seasons.day), horizon_(horizon) {
    origins_.reserve(longest_history / seasons.day + 1);
}

double Analogue::level_before(const History& history, std::size_t end) const {
    const auto* last = &history.values[end - pattern_];
    return std::accumulate(last, last + pattern_, 0.0) / static_cast<double>(pattern_);
}

void Analogue::find_nearest(const History& history, double level) const {
    const std::size_t n = history.size();
    const std::size_t day = history.seasons.day;
    origins_.clear();
    for (std::size_t back = day; back + pattern_ <= n && origins_.size() < origins_.capacity(); back += day) {
        const std::size_t end = n - back;
        if (back < horizon_) continue;  // what followed is not all known
        const auto seen = history.learnable.subspan(end - pattern_, pattern_ + horizon_);
        if (std::ranges::find(seen, 0) != seen.end()) continue;
        const double level_then = level_before(history, end);
        double distance = 0;
        for (std::size_t i = 1; i <= pattern_; ++i) {
            distance += std::abs((history.values[n - i] - level) - (history.values[end - i] - level_then));
        }
        if (back % history.seasons.week != 0) distance *= other_weekday;
        origins_.push_back({.distance = distance, .end = end, .level = level_then});
    }
    const std::size_t nearest = std::min(neighbours, origins_.size());
    std::partial_sort(origins_.begin(), origins_.begin() + static_cast<std::ptrdiff_t>(nearest),
                      origins_.end(), [](const Origin& a, const Origin& b) {
                          return a.distance != b.distance ? a.distance < b.distance : a.end > b.end;
                      });
    origins_.resize(nearest);
}

void Analogue::forecast(const History& history, std::size_t, std::span<double> values) const {
    std::ranges::fill(values, history.size() == 0 ? 0 : history.values.back());
    if (history.size() < needs(history.seasons)) return;
    const double level = level_before(history, history.size());
    find_nearest(history, level);
    if (origins_.empty()) return;
    // An origin that is exactly alike takes nearly all the weight, without a division by zero.
    const double least = 1e-6 * (std::abs(level) + origins_.back().distance) + 1e-300;
    double total = 0;
    for (const auto& origin : origins_) total += 1 / (origin.distance + least);
    for (std::size_t h = 0; h < std::min(values.size(), horizon_); ++h) {
        double sum = 0;
        for (const auto& origin : origins_) {
            sum += (history.values[origin.end + h] - origin.level) / (origin.distance + least);
        }
        values[h] = level + sum / total;
    }
}

}  // namespace sitepower::forecast
