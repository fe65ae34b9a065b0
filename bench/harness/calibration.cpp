#include "bench/harness/calibration.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "bench/harness/waiting.hpp"

namespace sitepower::bench {
namespace {

constexpr int order = 48;
using Matrix = std::array<std::array<double, order>, order>;

// Positive definite: 1 / (1 + |i - j|) with a heavy diagonal.
Matrix fixed_matrix() {
    Matrix matrix{};
    for (int i = 0; i < order; ++i) {
        for (int j = 0; j < order; ++j) {
            matrix[i][j] = 1.0 / (1.0 + std::abs(i - j)) + (i == j ? order : 0);
        }
    }
    return matrix;
}

// The lower factor in place, column by column; returns its last element so that the work cannot be left out.
double factorise(Matrix& matrix) {
    for (int j = 0; j < order; ++j) {
        for (int k = 0; k < j; ++k) {
            for (int i = j; i < order; ++i) {
                matrix[i][j] -= matrix[i][k] * matrix[j][k];
            }
        }
        const double pivot = std::sqrt(matrix[j][j]);
        for (int i = j; i < order; ++i) {
            matrix[i][j] /= pivot;
        }
    }
    return matrix[order - 1][order - 1];
}

double add_dependently() {
    volatile double step = 1e-7;
    const double fixed_step = step;
    double sum = 0;
    for (int i = 0; i < 10'000'000; ++i) {
        sum += fixed_step;
    }
    return sum;
}

template <class Work>
double best_of_five(Work work) {
    double best = std::numeric_limits<double>::infinity();
    for (int round = 0; round < 5; ++round) {
        const auto begin = SteadyClock::now();
        volatile double result = work();
        static_cast<void>(result);
        best = std::min(best, Seconds(SteadyClock::now() - begin).count());
    }
    return best;
}

}  // namespace

void calibrate(Report& report) {
    constexpr int repetitions = 200;
    const double cholesky = best_of_five([] {
        double last = 0;
        for (int i = 0; i < repetitions; ++i) {
            auto matrix = fixed_matrix();
            last += factorise(matrix);
        }
        return last;
    });
    report.add({.measure = "calibration.cholesky48", .value = 1e6 * cholesky / repetitions, .unit = "us"});
    report.add(
        {.measure = "calibration.adds1e7", .value = 1e3 * best_of_five(add_dependently), .unit = "ms"});
}

}  // namespace sitepower::bench
