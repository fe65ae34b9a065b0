#include "core/dispatch/chain.hpp"

#include <algorithm>
#include <cmath>

namespace sitepower::dispatch {
namespace {

constexpr double unbounded = std::numeric_limits<double>::infinity();
// Stored energies nearer than this are the same: rounding of sums over ten thousand steps stays far below,
// and no meter resolves it.

template <class Slope>
constexpr bool lexicographic = !std::is_same_v<Slope, double>;

}  // namespace

template <class Slope>
Chain<Slope>::Chain(const Problem& problem, const Window& window)
    : problem_(problem),
      battery_(problem.batteries.front()),
      window_(window),
      factors_(battery_, problem.step_h),
      edges_(problem.steps() * 9 + 16),
      slopes_(problem.steps() * 9 + 16),
      steps_(problem.steps()),
      change_kwh_(problem.steps()),
      stored_kwh_(problem.steps()) {
    placed_.reserve(problem.steps() * 5);
}

template <class Slope>
double Chain<Slope>::low_kwh(std::size_t step) const {
    return lexicographic<Slope> ? window_.low_kwh[step] : window_.floor_kwh[step];
}

// Slopes left of the floor fall by `below`; the list is cut in two there.
template <class Slope>
void Chain<Slope>::add_floor(double floor_kwh, const Slope& below) {
    std::size_t i = first_;
    const std::size_t end = first_ + count_;
    while (i < end && edges_[i + 1] <= floor_kwh) {
        slopes_[i] = slopes_[i] + below;
        ++i;
    }
    if (i == end || edges_[i] >= floor_kwh) return;
    for (std::size_t j = end; j > i; --j) {
        slopes_[j] = slopes_[j - 1];
        edges_[j + 1] = edges_[j];
    }
    edges_[i + 1] = floor_kwh;
    slopes_[i] = slopes_[i] + below;
    ++count_;
}

template <class Slope>
void Chain<Slope>::start() {
    const std::size_t last = problem_.steps() - 1;
    first_ = 0;
    count_ = 1;
    edges_[0] = low_kwh(last);
    edges_[1] = window_.high_kwh[last];
    slopes_[0] = from_money<Slope>(-battery_.terminal_value_per_kwh);
    if constexpr (lexicographic<Slope>) {
        add_floor(battery_.terminal_min_kwh.value_or(0), Slope{.terminal_kwh = -1});
    }
}

// Minkowski sum of the two graphs of slopes, from the right end, in place: what lies left of the last
// inserted piece is only shifted.
template <class Slope>
void Chain<Slope>::merge(const StepCost<Slope>& cost, Step& step) {
    step.most_kwh = cost.most_kwh;
    step.first_piece = placed_.size();
    double shift = -cost.most_kwh;
    for (std::size_t j = 0; j < cost.size; ++j) shift += cost.pieces[j].width_kwh;
    std::size_t i = first_ + count_;
    std::size_t j = cost.size;
    double right = edges_[i] + shift;
    edges_[i + j] = right;
    while (j > 0) {
        const auto& piece = cost.pieces[j - 1];
        if (i > first_ && slopes_[i - 1] > piece.slope) {
            slopes_[i + j - 1] = slopes_[i - 1];
            --i;
            right = edges_[i] + shift;
        } else {
            slopes_[i + j - 1] = piece.slope;
            right -= piece.width_kwh;
            shift -= piece.width_kwh;
            placed_.push_back({piece.slope, right, piece.width_kwh, piece.mixed});
            --j;
        }
        edges_[i + j] = right;
    }
    for (std::size_t k = first_; k < i; ++k) edges_[k] -= cost.most_kwh;
    count_ += cost.size;
    step.end_piece = placed_.size();
}

template <class Slope>
bool Chain<Slope>::cut(double low_kwh, double high_kwh) {
    std::size_t last = first_ + count_;
    if (low_kwh > edges_[last] + same_kwh || high_kwh < edges_[first_] - same_kwh ||
        low_kwh > high_kwh + same_kwh) {
        return false;
    }
    while (first_ < last && edges_[first_ + 1] <= low_kwh) ++first_;
    while (last > first_ && edges_[last - 1] >= high_kwh) --last;
    count_ = last - first_;
    edges_[first_] = std::max(edges_[first_], low_kwh);
    edges_[last] = std::max(std::min(edges_[last], high_kwh), edges_[first_]);
    return true;
}

// From the cost-to-go at the end of a step to the one at its start, cut to the window before it.
template <class Slope>
bool Chain<Slope>::back(std::size_t step, const StepCost<Slope>& cost) {
    if (!cost.feasible) return false;
    merge(cost, steps_[step]);
    if (factors_.kept != 1) {
        for (std::size_t k = first_; k <= first_ + count_; ++k) edges_[k] /= factors_.kept;
        for (std::size_t k = first_; k < first_ + count_; ++k) slopes_[k] = slopes_[k] * factors_.kept;
    }
    if (step == 0) return cut(battery_.stored_kwh, battery_.stored_kwh);
    if (!cut(low_kwh(step - 1), window_.high_kwh[step - 1])) return false;
    if constexpr (lexicographic<Slope>) {
        if (!battery_.reserve_kwh.empty()) {
            add_floor(battery_.reserve_kwh[step - 1], Slope{.reserve_kwh_h = -problem_.step_h});
        }
    }
    return true;
}

template <class Slope>
bool Chain<Slope>::solve(double import_cap_kw, const std::vector<Direction>& directions) {
    placed_.clear();
    const std::size_t steps = problem_.steps();
    infeasible_step_ = steps - 1;
    if (low_kwh(steps - 1) > window_.high_kwh[steps - 1] + same_kwh) return false;
    start();
    if constexpr (lexicographic<Slope>) {
        if (!battery_.reserve_kwh.empty()) {
            add_floor(battery_.reserve_kwh[steps - 1], Slope{.reserve_kwh_h = -problem_.step_h});
        }
    }
    for (std::size_t t = steps; t-- > 0;) {
        infeasible_step_ = t;
        const double cap_kw = problem_.in_demand_window(t) ? import_cap_kw : unbounded;
        const auto grid = grid_cost<Slope>(problem_, t, cap_kw);
        const auto direction = directions.empty() ? Direction::both : directions[t];
        if (!back(t, step_cost(factors_, grid, problem_.net_load_kw(t), direction))) return false;
    }
    forward();
    return true;
}

// The position in a step's merged list says how far each piece of its own cost has been walked along.
template <class Slope>
void Chain<Slope>::forward() {
    mixed_steps_.clear();
    double stored_kwh = battery_.stored_kwh;
    for (std::size_t t = 0; t < steps_.size(); ++t) {
        const double held_kwh = factors_.kept * stored_kwh;
        double change_kwh = steps_[t].most_kwh;
        const Placed* mixed = nullptr;
        for (std::size_t j = steps_[t].first_piece; j < steps_[t].end_piece; ++j) {
            const Placed& piece = placed_[j];
            const double walked_kwh = std::clamp(held_kwh - piece.start_kwh, 0.0, piece.width_kwh);
            change_kwh -= walked_kwh;
            if (piece.mixed && walked_kwh > same_kwh && walked_kwh < piece.width_kwh - same_kwh) {
                mixed = &piece;
            }
        }
        const double after_kwh = std::clamp(held_kwh + change_kwh, low_kwh(t), window_.high_kwh[t]);
        change_kwh_[t] = after_kwh - held_kwh;
        if (mixed != nullptr) {
            const double walked_kwh = held_kwh - mixed->start_kwh;
            mixed_steps_.push_back({t, change_kwh + walked_kwh - mixed->width_kwh, change_kwh + walked_kwh,
                                    1 - walked_kwh / mixed->width_kwh});
        }
        stored_kwh_[t] = after_kwh;
        stored_kwh = after_kwh;
    }
}

// Multipliers from complementary slackness: a step allows those between the pieces walked along and the rest,
// and between two steps the value may change only where the stored energy lies at an end of its window: rise
// at the lower one, fall at the upper one. Backwards what each step may take, then forwards a choice.
template <class Slope>
std::vector<double> Chain<Slope>::energy_values() const requires std::is_same_v<Slope, double> {
    struct Range {
        double least, most;
        double nearest(double value) const { return std::min(std::max(value, least), most); }
    };
    const std::size_t steps = steps_.size();
    std::vector<Range> allowed(steps);
    const double kept = factors_.kept;
    Range after{-battery_.terminal_value_per_kwh, -battery_.terminal_value_per_kwh};
    for (std::size_t t = steps; t-- > 0;) {
        if (stored_kwh_[t] <= low_kwh(t) + same_kwh) after.least = -unbounded;
        if (stored_kwh_[t] >= window_.high_kwh[t] - same_kwh) after.most = unbounded;
        const double held_kwh = stored_kwh_[t] - change_kwh_[t];
        Range own{-unbounded, unbounded};
        for (std::size_t j = steps_[t].first_piece; j < steps_[t].end_piece; ++j) {
            const Placed& piece = placed_[j];
            const double walked_kwh = held_kwh - piece.start_kwh;
            if (walked_kwh > same_kwh) own.least = std::max(own.least, money_of(piece.slope));
            if (walked_kwh < piece.width_kwh - same_kwh) own.most = std::min(own.most, money_of(piece.slope));
        }
        Range& both = allowed[t];
        both = {std::max(own.least, after.least), std::min(own.most, after.most)};
        // Empty by rounding only: the nearest point of the step's own range.
        if (both.least > both.most) both.least = both.most = own.nearest(after.nearest(both.most));
        after = {kept * both.least, kept * both.most};
    }
    std::vector<double> values(steps);
    double value = 0;
    for (std::size_t t = 0; t < steps; ++t) {
        Range range = allowed[t];
        if (t > 0) {
            const double same = value / kept;
            const bool may_rise = stored_kwh_[t - 1] <= low_kwh(t - 1) + same_kwh;
            const bool may_fall = stored_kwh_[t - 1] >= window_.high_kwh[t - 1] - same_kwh;
            if (!may_fall) range.least = std::max(range.least, same);
            if (!may_rise) range.most = std::min(range.most, same);
            if (range.least > range.most) range.least = range.most = allowed[t].nearest(same);
            value = range.nearest(same);
        } else {
            value = std::isfinite(range.least) && std::isfinite(range.most) ? (range.least + range.most) / 2
                    : std::isfinite(range.least)                            ? range.least
                    : std::isfinite(range.most)                             ? range.most
                                                                            : 0;
        }
        values[t] = value;
    }
    return values;
}

template class Chain<double>;
template class Chain<LexicographicCost>;

}  // namespace sitepower::dispatch
