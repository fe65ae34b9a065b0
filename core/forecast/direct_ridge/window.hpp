// The windows that E4 learns from: the last week and day of a series, normalised, and the two days after
// them. Shared by the expert and by whoever learns a prior from many series.
#pragma once

#include <Eigen/Core>
#include <cstddef>

#include "core/forecast/expert.hpp"

namespace sitepower::forecast {

struct WindowShape {
    std::size_t day = 24;
    std::size_t lags = 192;  // a week and a day
    std::size_t horizon = 48;

    std::size_t length() const { return lags + horizon; }
};

inline WindowShape window_shape(const Seasons& seasons, std::size_t horizon) {
    return {.day = seasons.day, .lags = seasons.week + seasons.day, .horizon = horizon};
}

// Sums over windows: gram = sum w x x' (lower triangle), cross = sum w x y', power = sum w y'y.
struct WindowSums {
    explicit WindowSums(const WindowShape& shape);

    Eigen::MatrixXd gram;
    Eigen::MatrixXd cross;
    double power = 0;
    std::size_t windows = 0;

    void clear();
    void add(const WindowSums& other);
    // What least squares with these coefficients leaves over: c - 2 tr(W'B) + tr(W'GW).
    double residual(const Eigen::MatrixXd& coefficients) const;
    // W = W0 + (G + lambda tr(G)/L I)^-1 (B - G W0); an empty `prior` is W0 = 0.
    Eigen::MatrixXd solve(double lambda, const Eigen::MatrixXd& prior) const;
};

// Mean |z[t] - z[t - day]|, what windows are divided by; 0 for a series without one (constant, or too short).
double window_scale(const History& history);

// Adds the windows whose last value is one of the `newest` of the history; windows with values that were
// filled in are left out. A window that its own last two days predict badly weighs less: 1 / max(1, its mean
// error / 1.5 scales). One at a time it does not allocate.
class WindowReader {
  public:
    explicit WindowReader(const WindowShape& shape);

    void add(const History& history, std::size_t newest, double scale, WindowSums& sums);
    // The window at the history's end, for a forecast: normalised lags, and the level that was subtracted.
    double read_last(const History& history, double scale, Eigen::VectorXd& lags) const;

  private:
    bool read(const History& history, std::size_t begin, double scale);
    void flush(WindowSums& sums);

    WindowShape shape_;
    Eigen::Index filled_ = 0;
    Eigen::MatrixXd lags_;  // a column for each window, times the root of its weight
    Eigen::MatrixXd future_;
};

}  // namespace sitepower::forecast
