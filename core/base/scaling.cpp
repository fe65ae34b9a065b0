#include "core/base/scaling.hpp"

#include <array>
#include <cassert>
#include <cmath>
#include <cstdlib>

namespace sitepower {
namespace {

// All exact in a double.
constexpr std::array<double, 23> powers_of_ten = {1,    1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                  1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
constexpr int most_decimals = 12;
constexpr double largest_factor = 1e6;  // leaves room for a raw number of 33 bits below 2^53
constexpr double largest_shift = 1e15;

double power_of_ten(int exponent) {
    return powers_of_ten[static_cast<std::size_t>(exponent)];
}

}  // namespace

Scaling::Scaling(double scale, double offset) : factor_(scale), shift_(offset) {
    for (int decimals = 0; decimals <= most_decimals; ++decimals) {
        const double power = power_of_ten(decimals);
        const double factor = std::nearbyint(scale * power);
        const double shift = std::nearbyint(offset * power);
        if (std::abs(factor) > largest_factor || std::abs(shift) > largest_shift) return;
        if (factor / power != scale || shift / power != offset) continue;
        factor_ = factor;
        shift_ = shift;
        decimals_ = decimals;
        return;
    }
}

double Scaling::value(double raw, int exponent) const {
    assert(std::abs(exponent) <= max_exponent);
    const double more = power_of_ten(std::abs(exponent));
    const double product = raw * factor_;
    const double value = exponent < 0 ? (product + shift_ * more) / power_of_ten(decimals_ - exponent)
                                      : (product * more + shift_) / power_of_ten(decimals_);
    return value + 0.0;  // -0 becomes 0
}

double Scaling::raw(double value, int exponent) const {
    assert(std::abs(exponent) <= max_exponent);
    const double more = power_of_ten(std::abs(exponent));
    return exponent < 0 ? (value * power_of_ten(decimals_ - exponent) - shift_ * more) / factor_
                        : (value * power_of_ten(decimals_) - shift_) / (factor_ * more);
}

}  // namespace sitepower
