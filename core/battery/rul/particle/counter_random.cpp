#include "core/battery/rul/particle/counter_random.hpp"

#include <array>
#include <cmath>

#include "core/battery/rul/particle/elementary.hpp"

namespace sitepower {
namespace {

constexpr std::array a{-3.969683028665376e+01, 2.209460984245205e+02,  -2.759285104469687e+02,
                       1.383577518672690e+02,  -3.066479806614716e+01, 2.506628277459239e+00};
constexpr std::array b{-5.447609879822406e+01, 1.615858368580409e+02,  -1.556989798598866e+02,
                       6.680131188771972e+01,  -1.328068155288572e+01, 1.0};
constexpr std::array c{-7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00,
                       -2.549732539343734e+00, 4.374664141464968e+00,  2.938163982698783e+00};
constexpr std::array d{7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00,
                       3.754408661907416e+00, 1.0};
constexpr double tail = 0.02425;

template <std::size_t N>
double polynomial(const std::array<double, N>& factors, double x) {
    double sum = 0;
    for (const double factor : factors) sum = sum * x + factor;
    return sum;
}

double lower_tail(double p) {
    const double q = std::sqrt(-2 * 0.693147180559945309417 * elementary::log2(p));
    return polynomial(c, q) / polynomial(d, q);
}

}  // namespace

std::uint64_t CounterRandom::bits(std::uint64_t counter) const {
    std::uint64_t z = seed_ + (counter + 1) * 0x9E3779B97F4A7C15U;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31U);
}

double CounterRandom::uniform(std::uint64_t counter) const {
    return (static_cast<double>(bits(counter) >> 11U) + 0.5) * 0x1p-53;
}

double CounterRandom::normal(std::uint64_t counter) const {
    return inverse_normal(uniform(counter));
}

double inverse_normal(double p) {
    if (p < tail) return lower_tail(p);
    if (p > 1 - tail) return -lower_tail(1 - p);
    const double q = p - 0.5;
    return polynomial(a, q * q) * q / polynomial(b, q * q);
}

}  // namespace sitepower
