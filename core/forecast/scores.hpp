// How good a forecast was: the error measures of the field, each over pairs of actual and forecast.
// Pure functions, any thread. Pairs in which either side is not finite do not count; no pair that counts
// gives no number (nullopt), never a zero.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace sitepower::forecast {

// Spans of unequal length are compared over the shorter one.
std::optional<double> mean_absolute_error(std::span<const double> actual, std::span<const double> forecast);
std::optional<double> root_mean_square_error(std::span<const double> actual,
                                             std::span<const double> forecast);
// Percent of the actual; pairs with an actual of zero do not count.
std::optional<double> mape_pct(std::span<const double> actual, std::span<const double> forecast);
// 200 |y - f| / (|y| + |f|) percent, 0 where both are 0 (Makridakis et al., M4, IJF 36 (2020) 54-74).
std::optional<double> smape_pct(std::span<const double> actual, std::span<const double> forecast);

// mean |y[t] - y[t - season]| over the history: the denominator of MASE (Hyndman and Koehler, IJF 22 (2006)
// 679-688). nullopt: no pair of finite values, or all of them equal (MASE is undefined then).
std::optional<double> seasonal_naive_scale(std::span<const double> history, std::size_t season);

// Quantile loss of level 0..1: level * (y - q) above the quantile, (1 - level) * (q - y) below it.
double pinball_loss(double actual, double quantile, double level);
// Width plus 2/alpha times what lies outside (Gneiting and Raftery, JASA 102 (2007) 359-378); divided by the
// seasonal naive scale and averaged it is MSIS.
double interval_score(double actual, double lower, double upper, double alpha);

// Overall weighted average of the M4 competition: sMAPE and MASE, each relative to Naive2 on the set.
double overall_weighted_average(double smape_pct, double mase, double naive2_smape_pct, double naive2_mase);

// 1 - SSE / SST about the mean of the actual values; nullopt for fewer than two or all equal.
std::optional<double> r_squared(std::span<const double> actual, std::span<const double> forecast);

// Share (0..1) of the actual values inside [lower, upper].
std::optional<double> interval_coverage(std::span<const double> actual, std::span<const double> lower,
                                        std::span<const double> upper);

}  // namespace sitepower::forecast
