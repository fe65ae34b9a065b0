#include "core/battery/rul/trajectory/library.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

namespace sitepower {
namespace {

// Fade that goes on beyond the last point of a shape: as steep as its last tenth.
constexpr double tail_share = 0.1;
// A shape whose last health is so near the end of life still shows how that is reached.
constexpr double near_end = 0.02;
constexpr double flattest_slope = 1e-6;
// Shapes k^b, for batteries unlike any that was seen (b < 1: ever slower, b > 1: ever faster).
constexpr std::array<double, 6> powers{0.5, 0.75, 1.0, 1.5, 2.0, 3.0};

bool is_plausible(const FadeShape& shape) {
    if (shape.age.size() != shape.health.size() || shape.age.size() < FadeLibrary::fewest_points)
        return false;
    double before = 0;
    for (std::size_t i = 0; i < shape.age.size(); ++i) {
        const double age = shape.age[i];
        const double health = shape.health[i];
        if (!std::isfinite(age) || age < 1 || age <= before) return false;
        if (!std::isfinite(health) || health <= 0 || health >= 2) return false;
        before = age;
    }
    return true;
}

bool is_plausible(const LibraryParameters& parameters) {
    const auto stretches = [](double by) { return std::isfinite(by) && by >= 0.1 && by <= 10; };
    const auto is_share = [](double value) { return value >= 0 && value <= 1; };
    return parameters.end_of_life > 0.1 && parameters.end_of_life < 1 && is_share(parameters.curves_weight) &&
           is_share(parameters.alike_share) && is_share(parameters.life_weighted) &&
           parameters.noise_sigma > 1e-4 && parameters.noise_sigma < 0.1 &&
           std::ranges::all_of(parameters.scale, [&](const IntervalScale& scale) {
               return stretches(scale.below) && stretches(scale.above);
           });
}

double slope_of_tail(const FadeShape& shape) {
    const double from = shape.age.back() - tail_share * (shape.age.back() - shape.age.front());
    std::size_t i = shape.age.size() - 2;
    while (i > 0 && shape.age[i] > from) --i;
    return std::min((shape.health.back() - shape.health[i]) / (shape.age.back() - shape.age[i]),
                    -flattest_slope);
}

// Health on the grid: the first before the first point, straight lines between points and beyond the last.
Eigen::ArrayXf on_grid(const FadeShape& shape) {
    Eigen::ArrayXf health(log_grid::points);
    const double slope = slope_of_tail(shape);
    std::size_t next = 0;
    for (int place = 0; place < log_grid::points; ++place) {
        const double age = log_grid::age(place);
        while (next < shape.age.size() && shape.age[next] < age) ++next;
        double value = shape.health.front();
        if (next == shape.age.size()) {
            value = shape.health.back() + slope * (age - shape.age.back());
        } else if (next > 0) {
            const double share = (age - shape.age[next - 1]) / (shape.age[next] - shape.age[next - 1]);
            value = shape.health[next - 1] + share * (shape.health[next] - shape.health[next - 1]);
        }
        health[place] = static_cast<float>(value);
    }
    return health;
}

void prepare_crossings(FadeCurve& curve, double end_of_life) {
    curve.highest_drop.resize(static_cast<std::size_t>(curve.drop.size()));
    float highest = curve.drop[0];
    for (std::size_t i = 0; i < curve.highest_drop.size(); ++i) {
        highest = std::max(highest, curve.drop[static_cast<Eigen::Index>(i)]);
        curve.highest_drop[i] = highest;
    }
    curve.log_life = log_grid::step * curve.crossing(curve.best - end_of_life);
}

// The best health is looked for in the first tenth of the life: what a battery gains later is not its start.
FadeCurve curve_of(const FadeShape& shape, double end_of_life) {
    FadeCurve curve{.name = shape.name, .group = shape.group};
    const Eigen::ArrayXf health = on_grid(shape);
    curve.drop = -health;
    prepare_crossings(curve, end_of_life);
    const auto tenth = static_cast<Eigen::Index>(std::clamp(log_grid::place(0.1 * std::exp(curve.log_life)),
                                                            log_grid::place(5), log_grid::points - 1.0));
    curve.best = health.head(tenth + 1).maxCoeff();
    curve.drop = static_cast<float>(curve.best) - health;
    prepare_crossings(curve, end_of_life);
    return curve;
}

FadeCurve power_law(double power, double log_life, double best, double end_of_life) {
    FadeCurve curve{.best = best, .is_power_law = true};
    curve.drop.resize(log_grid::points);
    for (int place = 0; place < log_grid::points; ++place) {
        const double share = std::exp(power * (log_grid::step * place - log_life));
        curve.drop[place] = static_cast<float>((best - end_of_life) * std::min(share, 1e3));
    }
    prepare_crossings(curve, end_of_life);
    return curve;
}

template <class Of>
double median(std::span<const FadeCurve> curves, Of of) {
    std::vector<double> values;
    for (const FadeCurve& curve : curves) values.push_back(curve.*of);
    std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2));
    return values[values.size() / 2];
}

// Running median, then running mean, over 2 * half + 1 points.
std::vector<double> smooth(std::span<const double> values, std::size_t half) {
    const auto window = [&](std::span<const double> all, std::size_t i) {
        const std::size_t first = i > half ? i - half : 0;
        return all.subspan(first, std::min(i + half + 1, all.size()) - first);
    };
    std::vector<double> medians(values.size());
    std::vector<double> scratch;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const auto near = window(values, i);
        scratch.assign(near.begin(), near.end());
        const auto middle = scratch.begin() + static_cast<std::ptrdiff_t>(scratch.size() / 2);
        std::ranges::nth_element(scratch, middle);
        medians[i] = *middle;
    }
    std::vector<double> means(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        double sum = 0;
        const auto near = window(medians, i);
        for (const double value : near) sum += value;
        means[i] = sum / static_cast<double>(near.size());
    }
    return means;
}

// Douglas and Peucker (1973): keeps the point farthest from the straight line, and so on in both parts.
void keep_farthest(const FadeShape& all, std::size_t first, std::size_t last, double tolerance,
                   std::vector<char>& kept) {
    double farthest = tolerance;
    std::size_t found = first;
    for (std::size_t i = first + 1; i < last; ++i) {
        const double share = (all.age[i] - all.age[first]) / (all.age[last] - all.age[first]);
        const double line = all.health[first] + share * (all.health[last] - all.health[first]);
        if (std::abs(all.health[i] - line) <= farthest) continue;
        farthest = std::abs(all.health[i] - line);
        found = i;
    }
    if (found == first) return;
    kept[found] = 1;
    keep_farthest(all, first, found, tolerance, kept);
    keep_farthest(all, found, last, tolerance, kept);
}

}  // namespace

float FadeCurve::drop_at(double place) const {
    const double clamped = std::clamp(place, 0.0, static_cast<double>(drop.size() - 1));
    const auto first = std::min(static_cast<Eigen::Index>(clamped), drop.size() - 2);
    const auto share = static_cast<float>(clamped - static_cast<double>(first));
    return drop[first] * (1 - share) + drop[first + 1] * share;
}

double FadeCurve::crossing(double wanted) const {
    const auto level = static_cast<float>(wanted);
    const auto found = std::ranges::lower_bound(highest_drop, level);
    if (found == highest_drop.begin()) return 0;
    if (found == highest_drop.end()) return static_cast<double>(highest_drop.size() - 1);
    const float before = *std::prev(found);
    const auto share = static_cast<double>((level - before) / (*found - before));
    return static_cast<double>(found - highest_drop.begin() - 1) + share;
}

Result<FadeLibrary> FadeLibrary::make(std::span<const FadeShape> shapes,
                                      const LibraryParameters& parameters) {
    const auto refuse = [](std::string why) {
        return Error{ErrorCode::validation_error, std::move(why), ""};
    };
    if (!is_plausible(parameters)) return refuse("the parameters of the fade library are out of range");
    if (shapes.size() > most_curves) return refuse("a fade library holds at most 200 curves");
    FadeLibrary library;
    library.parameters_ = parameters;
    for (const FadeShape& shape : shapes) {
        if (!is_plausible(shape)) {
            return refuse("the curve \"" + shape.name +
                          "\" needs 3 or more points with ascending ages from 1 and health between 0 and 2");
        }
        const bool reaches_end = std::ranges::min(shape.health) < parameters.end_of_life + near_end;
        if (reaches_end) library.curves_.push_back(curve_of(shape, parameters.end_of_life));
    }
    if (library.curves_.empty()) return refuse("no curve of the fade library reaches the end of life");
    const double log_life = median(library.curves_, &FadeCurve::log_life);
    const double best = std::max(median(library.curves_, &FadeCurve::best), parameters.end_of_life + 0.01);
    for (const double power : powers) {
        library.curves_.push_back(power_law(power, log_life, best, parameters.end_of_life));
    }
    return library;
}

Result<FadeLibrary> FadeLibrary::make(const FadeSource& source, double end_of_life) {
    LibraryParameters parameters = source.parameters;
    parameters.end_of_life = end_of_life;
    return make(source.curves, parameters);
}

FadeShape compact(const FadeShape& history, double tolerance) {
    if (history.age.size() < FadeLibrary::fewest_points) return history;
    FadeShape smoothed = history;
    smoothed.health = smooth(history.health, std::max<std::size_t>(2, history.age.size() / 60));
    std::vector<char> kept(history.age.size(), 0);
    kept.front() = kept.back() = kept[history.age.size() / 2] = 1;
    keep_farthest(smoothed, 0, history.age.size() / 2, tolerance, kept);
    keep_farthest(smoothed, history.age.size() / 2, history.age.size() - 1, tolerance, kept);
    FadeShape shape{.name = history.name, .group = history.group};
    for (std::size_t i = 0; i < kept.size(); ++i) {
        if (kept[i] == 0) continue;
        shape.age.push_back(smoothed.age[i]);
        shape.health.push_back(smoothed.health[i]);
    }
    return shape;
}

}  // namespace sitepower
