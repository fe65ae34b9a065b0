// exp2 and log2 from additions and multiplications alone, so that particles are the same bits on every
// machine: those of the C library may differ in the last place between x86-64 and arm64, and one resampled
// particle more or less changes everything after it. Pure.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace sitepower::elementary {

// Taylor series, the highest power first.
inline constexpr std::array exponential_series{1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040,
                                               1.0 / 720,     1.0 / 120,    1.0 / 24,    1.0 / 6,
                                               1.0 / 2,       1.0,          1.0};
inline constexpr std::array artanh_series{1.0 / 15, 1.0 / 13, 1.0 / 11, 1.0 / 9,
                                          1.0 / 7,  1.0 / 5,  1.0 / 3,  1.0};

// 2^x; relative error below 1e-11. x is clamped to +-1000.
inline double exp2(double x) {
    x = x < -1000 ? -1000 : x > 1000 ? 1000 : x;
    const double whole = std::floor(x + 0.5);
    const double t = (x - whole) * 0.693147180559945309417;  // |t| <= ln 2 / 2
    double sum = 0;
    for (const double factor : exponential_series) sum = sum * t + factor;
    const auto exponent = static_cast<std::uint64_t>(static_cast<std::int64_t>(whole) + 1023) << 52U;
    return sum * std::bit_cast<double>(exponent);
}

// Of a normal x > 0; absolute error below 1e-12.
inline double log2(double x) {
    const auto bits = std::bit_cast<std::uint64_t>(x);
    auto exponent = static_cast<std::int64_t>(bits >> 52U) - 1023;
    auto mantissa = std::bit_cast<double>((bits & 0xFFFFFFFFFFFFFU) | 0x3FF0000000000000U);
    if (mantissa > 1.41421356237309504880) {
        mantissa /= 2;
        ++exponent;
    }
    const double t = (mantissa - 1) / (mantissa + 1);  // ln m = 2 artanh t, |t| < 0.172
    const double tt = t * t;
    double sum = 0;
    for (const double factor : artanh_series) sum = sum * tt + factor;
    return static_cast<double>(exponent) + 2 * t * sum * 1.44269504088896340736;
}

}  // namespace sitepower::elementary
