#include "daemon/lab/score/life_cells.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace sitepower::lab {
namespace {

// The straight line is not followed further than this many times the age.
constexpr double longest_line = 9;

double mean_of_first(std::span<const double> values) {
    const auto first = values.first(std::min<std::size_t>(5, values.size()));
    return std::accumulate(first.begin(), first.end(), 0.0) / static_cast<double>(first.size());
}

double median_around(std::span<const double> values, std::size_t at) {
    const std::size_t first = at < 2 ? 0 : at - 2;
    const auto near = values.subspan(first, std::min(at + 3, values.size()) - first);
    std::vector<double> sorted(near.begin(), near.end());
    std::ranges::sort(sorted);
    const std::size_t middle = sorted.size() / 2;
    return sorted.size() % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

}  // namespace

LifeCell life_cell_of(const CellHistory& cell, double rated_ah, double end_of_life) {
    LifeCell result{.history = {.name = cell.cell, .group = group_of(cell.cell), .age = cell.cycle}};
    const double rated = rated_ah > 0 ? rated_ah : mean_of_first(cell.capacity_ah);
    for (const double capacity_ah : cell.capacity_ah) result.history.health.push_back(capacity_ah / rated);
    for (std::size_t i = 0; i < cell.cycle.size() && !result.life; ++i) {
        if (median_around(result.history.health, i) < end_of_life) result.life = cell.cycle[i];
    }
    return result;
}

double LifePrediction::error() const {
    return std::abs(predicted.left.value_or(LifeQuantiles{}).p50 - left) / life;
}

double LifePrediction::linear_error() const {
    return std::abs(linear - left) / life;
}

bool LifePrediction::covered() const {
    return predicted.left && predicted.left->p10 <= left && left <= predicted.left->p90;
}

double LifePrediction::width() const {
    return predicted.left ? (predicted.left->p90 - predicted.left->p10) / life : 0;
}

LifePrediction predict_at(const LifeCell& cell, double share, double end_of_life,
                          TrajectoryPredictor& predictor) {
    LifePrediction prediction;
    prediction.life = *cell.life;
    prediction.age = std::floor(share * *cell.life);
    prediction.left = *cell.life - prediction.age;
    const auto known = static_cast<std::size_t>(std::ranges::upper_bound(cell.history.age, prediction.age) -
                                                cell.history.age.begin());
    const FadeHistory history{std::span(cell.history.age).first(known),
                              std::span(cell.history.health).first(known)};
    if (known > 0) prediction.linear = linear_life(history, end_of_life, longest_line * history.age.back());
    prediction.predicted =
        predictor.predict({.history = history, .group = cell.history.group, .exclude = cell.history.name});
    return prediction;
}

}  // namespace sitepower::lab
