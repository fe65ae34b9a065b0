// Prediction intervals for a forecast without matured forecasts of its own: from the residuals of the
// back-test's origins, scaled by horizon and by level. Values; computed at a fit, asked at a forecast.
#pragma once

#include <span>

#include "core/forecast/ensemble.hpp"

namespace sitepower::forecast {

class BacktestInterval {
  public:
    BacktestInterval() = default;
    // `non_negative`: half of the width follows the level of the forecast, and no bound is below zero.
    BacktestInterval(std::span<const BacktestOrigin> origins, double naive_scale, bool non_negative);

    // No residual to go by: bounds are those of a random walk in naive scales, uncalibrated.
    bool calibrated() const { return residuals_ > 0; }
    // The 95 % interval about each step of a forecast; `spread`: how far apart the experts are there, in
    // which most of what the residuals do not know about this forecast lies.
    void bounds(std::span<const double> forecast, std::span<const double> spread, std::span<double> lower,
                std::span<double> upper) const;
    // The quantile of `level` (0..1) about each step: the tail of the interval, by Student's t.
    void quantile(std::span<const double> forecast, std::span<const double> spread, double level,
                  std::span<double> values) const;

    void save(BlobWriter& writer) const;
    void load(BlobReader& reader);

  private:
    double shape(double value, double mean) const;
    double width(std::size_t step, double value, double mean) const;
    void fit_profile(std::span<const BacktestOrigin> origins);

    bool non_negative_ = false;
    double scale_ = 0;
    std::uint64_t residuals_ = 0;
    double profile_start_ = 1;  // g(h) runs from here at the first step
    double profile_slope_ = 0;  // by so much a step
    double lower_ = 2;          // half-widths in scales
    double upper_ = 2;
};

}  // namespace sitepower::forecast
