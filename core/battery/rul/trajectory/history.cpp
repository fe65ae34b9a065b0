#include "core/battery/rul/trajectory/history.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "core/battery/rul/trajectory/log_grid.hpp"

namespace sitepower {
namespace {

constexpr double window_share = 0.06;
constexpr double shortest_window = 2.5;
constexpr double outlier_sigmas = 2;
constexpr std::size_t fewest_for_line = 5;

struct Line {
    double value = 0;  // at the age it was fitted around
    double slope = 0;
    double sigma = 0;
};

// Least squares around `center`, of the points that lie within `tolerance` of `before`.
Line fit(std::span<const double> age, std::span<const double> health, double center, const Line& before,
         double tolerance) {
    double n = 0;
    double sx = 0;
    double sy = 0;
    double sxx = 0;
    double sxy = 0;
    double syy = 0;
    for (std::size_t i = 0; i < age.size(); ++i) {
        const double x = age[i] - center;
        if (std::abs(health[i] - before.value - before.slope * x) > tolerance) continue;
        n += 1;
        sx += x;
        sy += health[i];
        sxx += x * x;
        sxy += x * health[i];
        syy += health[i] * health[i];
    }
    if (n == 0) return before;
    const double spread = sxx - sx * sx / n;
    Line line;
    line.slope = n >= fewest_for_line && spread > 0 ? (sxy - sx * sy / n) / spread : 0;
    line.value = (sy - line.slope * sx) / n;
    const double rest = syy - line.value * sy - line.slope * sxy;
    line.sigma = std::sqrt(std::max(rest / n, 0.0));
    return line;
}

double value_at(const FadeHistory& history, double age, double present) {
    const double half = std::max(shortest_window, window_share * age);
    const auto first = std::ranges::lower_bound(history.age, age - half) - history.age.begin();
    const auto last =
        std::ranges::upper_bound(history.age, std::min(age + half, present)) - history.age.begin();
    if (last <= first) {
        const auto nearest = std::clamp<std::ptrdiff_t>(first, 0, std::ssize(history.age) - 1);
        return history.health[static_cast<std::size_t>(nearest)];
    }
    const auto from = static_cast<std::size_t>(first);
    const auto count = static_cast<std::size_t>(last - first);
    const auto ages = history.age.subspan(from, count);
    const auto healths = history.health.subspan(from, count);
    const Line rough = fit(ages, healths, age, {}, std::numeric_limits<double>::infinity());
    return fit(ages, healths, age, rough, std::max(outlier_sigmas * rough.sigma, 1e-6)).value;
}

}  // namespace

HistoryKnots knots_of(const FadeHistory& history) {
    HistoryKnots knots;
    knots.present_age = history.age.back();
    for (int i = 0; i < HistoryKnots::count; ++i) {
        const double age = knots.present_age * std::exp(-log_grid::step * HistoryKnots::spacing * i);
        if (age < 0.7 && i > 0) break;
        knots.health[static_cast<std::size_t>(i)] = value_at(history, age, knots.present_age);
        ++knots.known;
    }
    return knots;
}

double linear_life(const FadeHistory& history, double level, double longest) {
    const auto all = history.age.size();
    const auto count = std::min(all, std::max<std::size_t>(3, (all * 3 + 5) / 10));
    const auto ages = history.age.last(count);
    const double present = history.age.back();
    double sx = 0;
    double sy = 0;
    double sxx = 0;
    double sxy = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const double x = ages[i] - present;
        const double y = history.health[all - count + i];
        sx += x;
        sy += y;
        sxx += x * x;
        sxy += x * y;
    }
    const auto n = static_cast<double>(count);
    const double spread = sxx - sx * sx / n;
    const double slope = spread > 0 ? (sxy - sx * sy / n) / spread : 0;
    if (slope >= 0) return longest;
    const double value = (sy - slope * sx) / n;
    return std::clamp((level - value) / slope, 0.0, longest);
}

}  // namespace sitepower
