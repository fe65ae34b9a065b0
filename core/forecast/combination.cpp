#include "core/forecast/combination.hpp"

#include <algorithm>
#include <cmath>

namespace sitepower::forecast {
namespace {

constexpr double error_floor = 0.02;
constexpr double trimmed = 0.25;  // of the weight, on either side

}  // namespace

double weighted_midmean(std::span<WeightedValue> values) {
    const auto last = std::remove_if(values.begin(), values.end(), [](const WeightedValue& v) {
        return !std::isfinite(v.value) || !(v.weight > 0);
    });
    std::sort(values.begin(), last, [](const WeightedValue& a, const WeightedValue& b) {
        return a.value != b.value ? a.value < b.value : a.weight < b.weight;
    });
    double total = 0;
    for (auto v = values.begin(); v != last; ++v) total += v->weight;
    const double from = trimmed * total;
    const double to = total - from;
    double below = 0;
    double sum = 0;
    for (auto v = values.begin(); v != last; ++v) {
        const double counted = std::clamp(below + v->weight, from, to) - std::clamp(below, from, to);
        sum += counted * v->value;
        below += v->weight;
    }
    return to > from ? sum / (to - from) : 0;
}

void member_weights(std::span<const std::optional<double>> errors, std::span<double> weights) {
    double total = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
        const bool known = errors[i] && std::isfinite(*errors[i]);
        const double error = known ? *errors[i] + error_floor : 0;
        weights[i] = known ? 1 / (error * error) : 0;
        total += weights[i];
    }
    for (double& weight : weights) weight = total > 0 ? weight / total : 0;
}

}  // namespace sitepower::forecast
