#include "core/forecast/backtest_interval.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "core/forecast/conformal.hpp"

namespace sitepower::forecast {
namespace {

// Chosen on rolling origins inside the training parts of the M4 Hourly development series, so that none of
// four origins covers less than 96 %: a point in reserve, since later ones cover less than earlier ones.
constexpr double widening = 0.95;
constexpr double spread_factor = 0.75;
constexpr double mean_to_95 = 2.6;       // of the mean absolute residual, to a 95 % half-width
constexpr double least_one_sided = 0.3;  // of the two-sided 95 % quantile
constexpr double steepest = 2;           // g(last) / g(first) at most

double mean_of(std::span<const double> values) {
    return values.empty()
               ? 0
               : std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// Order statistic of rank ceil((n + 1) level), at most the largest; sorted input.
double order_statistic(std::span<const double> sorted, double level) {
    const double rank = std::ceil((static_cast<double>(sorted.size()) + 1) * level - 1e-9);
    const auto at = static_cast<std::size_t>(std::clamp(rank, 1.0, static_cast<double>(sorted.size())));
    return sorted[at - 1];
}

}  // namespace

BacktestInterval::BacktestInterval(std::span<const BacktestOrigin> origins, double naive_scale,
                                   bool non_negative)
    : non_negative_(non_negative), scale_(naive_scale) {
    if (scale_ <= 0) return;
    fit_profile(origins);
    std::vector<double> signed_sizes;
    std::vector<double> sizes;
    for (const auto& origin : origins) {
        const double mean = mean_of(origin.forecast);
        for (std::size_t h = 0; h < origin.forecast.size(); ++h) {
            if (origin.scored[h] == 0) continue;
            const double g = profile_start_ + profile_slope_ * static_cast<double>(h);
            const double r =
                (origin.actual[h] - origin.forecast[h]) / (scale_ * g * shape(origin.forecast[h], mean));
            signed_sizes.push_back(r);
            sizes.push_back(std::abs(r));
        }
    }
    residuals_ = signed_sizes.size();
    if (residuals_ == 0) return;
    std::ranges::sort(signed_sizes);
    std::ranges::sort(sizes);
    const double two_sided = order_statistic(sizes, 0.95);
    const double from_mean = mean_to_95 * mean_of(sizes);
    const auto half_width = [&](double one_sided) {
        return widening * 0.5 * (std::max(one_sided, least_one_sided * two_sided) + from_mean);
    };
    lower_ = half_width(-order_statistic(signed_sizes, 0.025));
    upper_ = half_width(order_statistic(signed_sizes, 0.975));
}

// A straight line through the mean absolute residual of each half of the horizon, normalised to mean 1, and
// half-way to no profile at all: 144 residuals say little about 48 steps.
void BacktestInterval::fit_profile(std::span<const BacktestOrigin> origins) {
    double first = 0;
    double second = 0;
    std::size_t steps = 0;
    for (const auto& origin : origins) {
        steps = origin.forecast.size();
        for (std::size_t h = 0; h < steps; ++h) {
            if (origin.scored[h] == 0) continue;
            (h < steps / 2 ? first : second) += std::abs(origin.actual[h] - origin.forecast[h]);
        }
    }
    if (steps < 2 || first + second <= 0) return;
    const double ratio = std::clamp(std::sqrt(second / std::max(first, 1e-12 * second)), 1.0, steepest);
    profile_start_ = 2 / (1 + ratio);
    profile_slope_ = profile_start_ * (ratio - 1) / static_cast<double>(steps - 1);
}

double BacktestInterval::shape(double value, double mean) const {
    if (!non_negative_ || mean <= 0) return 1;
    return 0.5 + 0.5 * std::clamp(value / mean, 0.0, 10.0);
}

double BacktestInterval::width(std::size_t step, double value, double mean) const {
    const auto steps = static_cast<double>(step);
    const double g = calibrated() ? profile_start_ + profile_slope_ * steps : std::sqrt(steps + 1);
    return scale_ * g * shape(value, mean);
}

void BacktestInterval::bounds(std::span<const double> forecast, std::span<const double> spread,
                              std::span<double> lower, std::span<double> upper) const {
    const double mean = mean_of(forecast);
    for (std::size_t h = 0; h < forecast.size(); ++h) {
        const double scaled = width(h, forecast[h], mean);
        lower[h] = forecast[h] - scaled * lower_ - spread_factor * spread[h];
        upper[h] = forecast[h] + scaled * upper_ + spread_factor * spread[h];
        if (non_negative_) lower[h] = std::max(lower[h], 0.0);
    }
}

void BacktestInterval::quantile(std::span<const double> forecast, std::span<const double> spread,
                                double level, std::span<double> values) const {
    const double of_half_width = student_t5_quantile(level) / student_t5_quantile(0.975);
    const double mean = mean_of(forecast);
    for (std::size_t h = 0; h < forecast.size(); ++h) {
        const double half = width(h, forecast[h], mean) * (level >= 0.5 ? upper_ : lower_);
        values[h] = forecast[h] + (half + spread_factor * spread[h]) * of_half_width;
        if (non_negative_) values[h] = std::max(values[h], 0.0);
    }
}

void BacktestInterval::save(BlobWriter& writer) const {
    writer.put(non_negative_);
    writer.put(residuals_);
    for (const double value : {scale_, profile_start_, profile_slope_, lower_, upper_}) writer.put(value);
}

void BacktestInterval::load(BlobReader& reader) {
    non_negative_ = reader.get<std::uint8_t>() != 0;
    reader.get(residuals_);
    for (double* value : {&scale_, &profile_start_, &profile_slope_, &lower_, &upper_}) reader.get(*value);
}

}  // namespace sitepower::forecast
