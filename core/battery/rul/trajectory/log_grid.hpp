// Ages on a logarithmic grid: stretching a fade curve in time by exp(m * step) is then a shift by m places,
// and comparing a history with a curve at all time scales needs no interpolation. Pure.
#pragma once

#include <algorithm>
#include <cmath>

namespace sitepower::log_grid {

inline constexpr double step = 0.05;
inline constexpr int points = 200;  // 1 to exp(9.95) = 20 952 units of age

inline double age(double place) {
    return std::exp(step * place);
}
// Of an age below 1: 0.
inline double place(double age) {
    return std::max(std::log(std::max(age, 1.0)) / step, 0.0);
}

}  // namespace sitepower::log_grid
