#include "core/forecast/scores.hpp"

#include <algorithm>
#include <cmath>

namespace sitepower::forecast {
namespace {

// The mean of what `loss` says about each pair that counts; a loss that is not finite leaves the pair out.
template <class Loss>
std::optional<double> mean_over(std::span<const double> actual, std::span<const double> forecast,
                                const Loss& loss) {
    double sum = 0;
    std::size_t pairs = 0;
    for (std::size_t i = 0; i < std::min(actual.size(), forecast.size()); ++i) {
        if (!std::isfinite(actual[i]) || !std::isfinite(forecast[i])) continue;
        const double one = loss(actual[i], forecast[i]);
        if (!std::isfinite(one)) continue;
        sum += one;
        ++pairs;
    }
    if (pairs == 0) return std::nullopt;
    return sum / static_cast<double>(pairs);
}

}  // namespace

std::optional<double> mean_absolute_error(std::span<const double> actual, std::span<const double> forecast) {
    return mean_over(actual, forecast, [](double y, double f) { return std::abs(y - f); });
}

std::optional<double> root_mean_square_error(std::span<const double> actual,
                                             std::span<const double> forecast) {
    const auto mean = mean_over(actual, forecast, [](double y, double f) { return (y - f) * (y - f); });
    return mean ? std::optional(std::sqrt(*mean)) : std::nullopt;
}

std::optional<double> mape_pct(std::span<const double> actual, std::span<const double> forecast) {
    return mean_over(actual, forecast, [](double y, double f) { return 100 * std::abs((y - f) / y); });
}

std::optional<double> smape_pct(std::span<const double> actual, std::span<const double> forecast) {
    return mean_over(actual, forecast, [](double y, double f) {
        const double size = std::abs(y) + std::abs(f);
        return size == 0 ? 0 : 200 * std::abs(y - f) / size;
    });
}

std::optional<double> seasonal_naive_scale(std::span<const double> history, std::size_t season) {
    if (history.size() <= season) return std::nullopt;
    const auto scale = mean_absolute_error(history.subspan(season), history);
    return scale && *scale > 0 ? scale : std::nullopt;
}

double pinball_loss(double actual, double quantile, double level) {
    const double above = actual - quantile;
    return above >= 0 ? level * above : (level - 1) * above;
}

double interval_score(double actual, double lower, double upper, double alpha) {
    const double outside = std::max({lower - actual, actual - upper, 0.0});
    return upper - lower + 2 / alpha * outside;
}

double overall_weighted_average(double smape_pct, double mase, double naive2_smape_pct, double naive2_mase) {
    return (smape_pct / naive2_smape_pct + mase / naive2_mase) / 2;
}

std::optional<double> r_squared(std::span<const double> actual, std::span<const double> forecast) {
    const auto mean = mean_over(actual, forecast, [](double y, double) { return y; });
    if (!mean) return std::nullopt;
    const auto total =
        mean_over(actual, forecast, [&](double y, double) { return (y - *mean) * (y - *mean); });
    const auto error = mean_over(actual, forecast, [](double y, double f) { return (y - f) * (y - f); });
    if (!total || !error || *total <= 0) return std::nullopt;
    return 1 - *error / *total;
}

std::optional<double> interval_coverage(std::span<const double> actual, std::span<const double> lower,
                                        std::span<const double> upper) {
    std::size_t inside = 0;
    std::size_t pairs = 0;
    for (std::size_t i = 0; i < std::min({actual.size(), lower.size(), upper.size()}); ++i) {
        if (!std::isfinite(actual[i]) || std::isnan(lower[i]) || std::isnan(upper[i])) continue;
        ++pairs;
        inside += actual[i] >= lower[i] && actual[i] <= upper[i] ? 1U : 0U;
    }
    if (pairs == 0) return std::nullopt;
    return static_cast<double>(inside) / static_cast<double>(pairs);
}

}  // namespace sitepower::forecast
