#include "core/battery/autonomy/capacity_belief.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/number.hpp"

namespace sitepower {
namespace {

// Whatever an offset may look like: no battery that still works has less, none gives more.
constexpr double least_share = 0.5;
constexpr double largest_share = 1.3;
// A model's error would else be taken for knowledge.
constexpr double least_sigma = 0.01;

}  // namespace

CapacityBelief learnt_capacity(const NoiseParameters& noise, double nominal_capacity_ah, double current_a,
                               double offset_a, double offset_sigma_a) {
    const double of_capacity_a2 = square(noise.capacity * current_a);
    const double total_a2 = of_capacity_a2 + square(noise.offset_c * nominal_capacity_ah);
    const bool is_usable =
        current_a < 0 && of_capacity_a2 > 0 && std::isfinite(offset_a) && offset_sigma_a > 0;
    if (!is_usable) return {1, std::max(noise.capacity, least_sigma)};
    const double part = of_capacity_a2 / total_a2;
    const double true_a = std::min(current_a - part * offset_a, 0.1 * current_a);
    // Of two that add up to the offset, what is left unknown of the one.
    const double sigma_a = std::hypot(part * offset_sigma_a, std::sqrt(of_capacity_a2 * (1 - part)));
    const double sigma = std::clamp(sigma_a / -current_a, least_sigma, std::max(noise.capacity, least_sigma));
    return {std::clamp(current_a / true_a, least_share, largest_share), sigma};
}

CapacityBelief together(const CapacityBelief& one, const CapacityBelief& other) {
    const double weight_of_one = 1 / square(one.sigma);
    const double weight_of_other = 1 / square(other.sigma);
    const double weight = weight_of_one + weight_of_other;
    return {(weight_of_one * one.share + weight_of_other * other.share) / weight, 1 / std::sqrt(weight)};
}

}  // namespace sitepower
