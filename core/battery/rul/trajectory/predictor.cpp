#include "core/battery/rul/trajectory/predictor.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

namespace sitepower {
namespace {

// Found by leave-one-cell-out on the development cells of MIT, XJTU and TJU (see docs/remaining-life.md).
constexpr double noise_per_drop = 0.05;   // added to the library's, the further the battery has faded
constexpr double most_evidence = 20;      // the knots count as so many independent measurements at most
constexpr double recency = 2;             // a knot's weight is (its age over the present age) to this power
constexpr double offset_sigma = 0.03;     // d: batteries of one type differ when new
constexpr double scale_sigma = 0.3;       // a
constexpr double least_scale = 0.2;       // a fade does not stop
constexpr double alike_sigma = 0.12;      // of log tau among batteries used alike
constexpr double unlike_sigma = 1.0;      // and otherwise
constexpr double power_law_share = 0.02;  // prior weight of shapes that no battery has shown, together
constexpr double student_freedom = 10;
constexpr double least_half_width = 0.1;  // of an interval, in the logarithm
constexpr double shortest_share = 0.01;   // of the present age: a life left is never quite nothing
constexpr float negligible = -12;         // logarithm of a weight over the largest
constexpr double longest_share = 30'000;  // and never quite endless
constexpr double longest_line = 9;

bool is_alike(const FadeCurve& curve, const TrajectoryQuery& query) {
    return !query.group.empty() && curve.group == query.group;
}

// Row of LibraryParameters::scale.
std::size_t fade_row(const HistoryKnots& knots, double end_of_life) {
    if (knots.known == 0) return 0;
    const double best =
        std::ranges::max(std::span(knots.health).first(static_cast<std::size_t>(knots.known)));
    const double used = (best - knots.health[0]) / std::max(best - end_of_life, 1e-6);
    return used < 1.0 / 3 ? 0 : used < 2.0 / 3 ? 1 : used < 0.85 ? 2 : 3;
}

bool is_usable(const FadeHistory& history) {
    if (history.age.size() != history.health.size()) return false;
    double before = 0;
    for (std::size_t i = 0; i < history.age.size(); ++i) {
        if (!(history.age[i] > before) || !std::isfinite(history.age[i])) return false;
        if (!std::isfinite(history.health[i]) || history.health[i] <= 0 || history.health[i] >= 2)
            return false;
        before = history.age[i];
    }
    return true;
}

}  // namespace

// The knots as the likelihood sees them: weights over variances, and their sums.
struct TrajectoryPredictor::Weighted {
    Weighted(const HistoryKnots& of, std::size_t points, double noise_sigma);

    int knots = 0;
    std::array<float, HistoryKnots::count> weight{};
    std::array<float, HistoryKnots::count> health{};
    float independent = 0;  // the knots count as so many measurements
    float sum = 0;          // of the weights,
    float sum_health = 0;   // of health,
    float sum_squared = 0;  // and of its square
    float left = 0;         // health that may still be lost
    double place = 0;       // on the grid, of the present
};

TrajectoryPredictor::Weighted::Weighted(const HistoryKnots& of, std::size_t points, double noise_sigma)
    : knots(of.known), place(log_grid::place(of.present_age)) {
    const auto known = std::span(of.health).first(static_cast<std::size_t>(of.known));
    const double best = std::ranges::max(known);
    double total = 0;
    for (std::size_t i = 0; i < known.size(); ++i) {
        weight[i] = static_cast<float>(
            std::exp(-recency * log_grid::step * HistoryKnots::spacing * static_cast<double>(i)));
        total += static_cast<double>(weight[i]);
    }
    independent = static_cast<float>(std::min(most_evidence, static_cast<double>(points)));
    for (std::size_t i = 0; i < known.size(); ++i) {
        const double sigma = noise_sigma + noise_per_drop * (best - known[i]);
        weight[i] *= static_cast<float>(independent / (total * sigma * sigma));
        health[i] = static_cast<float>(known[i]);
        sum += weight[i];
        sum_health += weight[i] * health[i];
        sum_squared += weight[i] * health[i] * health[i];
    }
}

TrajectoryPredictor::TrajectoryPredictor(std::shared_ptr<const FadeLibrary> library)
    : library_(std::move(library)),
      log_weight_(library_->curves().size()),
      last_drop_(library_->curves().size()) {
    for (int m = 0; m < stretches; ++m) {
        const double log_tau = log_grid::step * (m - middle);
        const auto log_normal = [log_tau](double sigma) {
            return static_cast<float>(-log_tau * log_tau / (2 * sigma * sigma) - std::log(sigma));
        };
        alike_stretch_[m] = log_normal(alike_sigma);
        unlike_stretch_[m] = log_normal(unlike_sigma);
    }
}

bool TrajectoryPredictor::is_excluded(const FadeCurve& curve, const TrajectoryQuery& query) const {
    return !query.exclude.empty() && curve.name == query.exclude;
}

TrajectoryPredictor::Priors TrajectoryPredictor::priors_of(const TrajectoryQuery& query) const {
    double alike = 0;
    double unlike = 0;
    double power_laws = 0;
    for (const FadeCurve& curve : library_->curves()) {
        if (is_excluded(curve, query)) continue;
        (curve.is_power_law ? power_laws : is_alike(curve, query) ? alike : unlike) += 1;
    }
    const double share = alike > 0 ? library_->parameters().alike_share : 0;
    const auto each = [](double of, double count) {
        return static_cast<float>(std::log(of / std::max(count, 1.0)));
    };
    return {each(share, alike), each(1 - share, unlike), each(power_law_share, power_laws)};
}

void TrajectoryPredictor::weigh_by_prior(const TrajectoryQuery& query) {
    const Priors priors = priors_of(query);
    const double end_of_life = library_->parameters().end_of_life;
    for (std::size_t i = 0; i < log_weight_.size(); ++i) {
        const FadeCurve& curve = library_->curves()[i];
        if (is_excluded(curve, query)) {
            log_weight_[i].setConstant(-std::numeric_limits<float>::infinity());
        } else if (is_alike(curve, query)) {
            log_weight_[i] = alike_stretch_ + priors.alike;
        } else {
            log_weight_[i] = unlike_stretch_ + (curve.is_power_law ? priors.power_law : priors.unlike);
        }
        last_drop_[i].setConstant(static_cast<float>(curve.best - end_of_life));
    }
}

// With e = y - best and B = drop_j(k / tau) the residual at a = 1 is r = e + B - d; a = 1 + alpha. Least
// squares over d and alpha with their priors is a 2 x 2 system in the weighted sums of e, B and their
// products.
void TrajectoryPredictor::weigh_by_history(std::size_t index, const Weighted& history) {
    const FadeCurve& curve = library_->curves()[index];
    constexpr int reach = (HistoryKnots::count - 1) * HistoryKnots::spacing + stretches;
    Eigen::Array<float, reach, 1> drop;  // entry r: r places before the latest age that a stretch can give
    for (int r = 0; r < reach; ++r) {
        drop[r] = curve.drop_at(history.place + middle - r);
    }
    Row b = Row::Zero();
    Row bb = Row::Zero();
    Row by = Row::Zero();
    for (Eigen::Index i = 0; i < history.knots; ++i) {
        const Row here = drop.segment<stretches>(i * HistoryKnots::spacing);
        const Row weighted = here * history.weight[static_cast<std::size_t>(i)];
        b += weighted;
        bb += weighted * here;
        by += weighted * history.health[static_cast<std::size_t>(i)];
    }
    const auto best = static_cast<float>(curve.best);
    const float e = history.sum_health - best * history.sum;
    const float ee = history.sum_squared - 2 * best * history.sum_health + best * best * history.sum;
    const Row be = by - best * b;
    const Row r = b + e;
    const Row br = be + bb;
    const Row rr = 2 * be + bb + ee;
    const float a11 = history.sum + static_cast<float>(1 / (offset_sigma * offset_sigma));
    const Row a22 = bb + static_cast<float>(1 / (scale_sigma * scale_sigma));
    const Row determinant = a11 * a22 - b * b;
    const Row offset = (a22 * r - b * br) / determinant;
    const Row alpha = (b * r - a11 * br) / determinant;
    const Row squares = (rr - offset * r + alpha * br).max(0.0F);
    constexpr auto freedom = static_cast<float>(student_freedom);
    log_weight_[index] -= (freedom + history.independent) / 2 * (1 + squares / freedom).log();
    // From where the battery stands now on the curve, as much further as it may still lose.
    last_drop_[index] =
        drop.head<stretches>() + history.left / (1 + alpha).max(static_cast<float>(least_scale));
}

// The weighted logarithms of the life left over the present age: as they are, and over the life to a power.
TrajectoryPredictor::Futures TrajectoryPredictor::futures(double present_age) const {
    float largest = -std::numeric_limits<float>::infinity();
    for (const Row& row : log_weight_) largest = std::max(largest, row.maxCoeff());
    Futures futures{LogHistogram(std::log(shortest_share), std::log(longest_share)),
                    LogHistogram(std::log(shortest_share), std::log(longest_share))};
    const double log_age = std::log(present_age);
    const double power = library_->parameters().life_weighted;
    for (std::size_t i = 0; i < log_weight_.size(); ++i) {
        for (int m = 0; m < stretches; ++m) {
            const float relative = log_weight_[i][m] - largest;
            if (!(relative > negligible)) continue;
            const double crossing =
                library_->curves()[i].crossing(static_cast<double>(last_drop_[i][m])) + m - middle;
            const double log_life = log_grid::step * crossing - log_age;  // over the present age
            const double share = std::max(std::exp(log_life) - 1, shortest_share);
            const double weight = std::exp(static_cast<double>(relative));
            const double log_left = std::log(share);
            futures.left.add(log_left, weight);
            futures.over_life.add(log_left, weight * std::exp(-power * std::max(log_life, 0.0)));
        }
    }
    return futures;
}

RemainingLife TrajectoryPredictor::answer(const TrajectoryQuery& query, const HistoryKnots& knots) const {
    const LibraryParameters& parameters = library_->parameters();
    const double age = knots.present_age;
    const Futures all = futures(age);
    const double median = all.over_life.quantile(0.5);
    const double below = std::max(median - all.left.quantile(0.1), least_half_width);
    const double above = std::max(all.left.quantile(0.9) - median, least_half_width);
    double center = median;
    if (knots.known > 0 && parameters.curves_weight < 1) {
        const double line = linear_life(query.history, parameters.end_of_life, longest_line * age);
        center += (1 - parameters.curves_weight) * (std::log(std::max(line / age, shortest_share)) - median);
    }
    const std::size_t third = fade_row(knots, parameters.end_of_life);
    const IntervalScale scale = parameters.scale[third];
    RemainingLife life{
        .left = LifeQuantiles{age * std::exp(center - scale.below * below), age * std::exp(center),
                              age * std::exp(center + scale.above * above)},
        .status = EstimateStatus::ok,
        .reason = "",
        .fade_row = third};
    if (query.horizon > 0 && life.left->p50 > query.horizon) life.censored = true;
    if (query.horizon > 0) {
        for (double* quantile : {&life.left->p10, &life.left->p50, &life.left->p90}) {
            *quantile = std::min(*quantile, query.horizon);
        }
    }
    return life;
}

RemainingLife TrajectoryPredictor::predict(const TrajectoryQuery& query) {
    if (!is_usable(query.history)) return {.reason = "out_of_model_range"};
    const auto judged = [&query](RemainingLife life) {
        if (query.history.age.size() < fewest_points) {
            life.status = EstimateStatus::prior_only;
            life.reason = "no_capacity_evidence";
        }
        return life;
    };
    weigh_by_prior(query);
    HistoryKnots knots{.present_age = 1};
    if (!query.history.age.empty()) {
        knots = knots_of(query.history);
        const double left = knots.health[0] - library_->parameters().end_of_life;
        if (left <= 0) {
            return judged({.left = LifeQuantiles{}, .status = EstimateStatus::ok, .reason = ""});
        }
        Weighted history(knots, query.history.age.size(), library_->parameters().noise_sigma);
        history.left = static_cast<float>(left);
        for (std::size_t i = 0; i < log_weight_.size(); ++i) weigh_by_history(i, history);
    }
    return judged(answer(query, knots));
}

}  // namespace sitepower
