// What stands in for regressors that are not known: their mean given the known ones, by the second moments
// that the regressions have anyway, and what not knowing them adds to the forecast's variance. Pure.
#pragma once

#include <Eigen/Core>
#include <vector>

#include "core/forecast/day_ahead/moments.hpp"
#include "core/forecast/day_ahead/ridge.hpp"

namespace sitepower::forecast {

// Replaces each NaN of the row by its conditional mean. Gives, per slot, the standard deviation (scaled) of
// the forecast that comes from them: b' C b, b their ridge coefficients and C their conditional covariance.
Eigen::VectorXd complete_row(const Standardised& window, const std::vector<HourPenalty>& hours,
                             Eigen::VectorXd& row);

}  // namespace sitepower::forecast
