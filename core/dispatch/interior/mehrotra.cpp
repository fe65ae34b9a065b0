#include "core/dispatch/interior/mehrotra.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace sitepower::dispatch {
namespace {

constexpr double regularisation =
    1e-12;                              // on the weights' inverse: a variable free of both ends stays finite
constexpr double to_boundary = 0.9995;  // share of the way that a step may go at most
constexpr double refined_below_gap = 1e-5;  // the method's own: before, the equations are well conditioned
constexpr double least_step = 1e-9;

// Sums and maxima over four lanes: one lane would wait for each addition before the next.
constexpr std::size_t lanes = 4;

template <class Term>
double sum_of(std::size_t size, const Term& term) {
    double sums[lanes] = {};
    std::size_t i = 0;
    for (; i + lanes <= size; i += lanes) {
        for (std::size_t k = 0; k < lanes; ++k) sums[k] += term(i + k);
    }
    double sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    for (; i < size; ++i) sum += term(i);
    return sum;
}

template <class Term>
double most_of(std::size_t size, const Term& term) {
    double most[lanes] = {};
    std::size_t i = 0;
    for (; i + lanes <= size; i += lanes) {
        for (std::size_t k = 0; k < lanes; ++k) {
            const double value = term(i + k);
            most[k] = value > most[k] ? value : most[k];
        }
    }
    double largest = std::max(std::max(most[0], most[1]), std::max(most[2], most[3]));
    for (; i < size; ++i) largest = std::max(largest, term(i));
    return largest;
}

}  // namespace

Mehrotra::Mehrotra(const Programme& programme)
    : programme_(programme),
      equations_(programme),
      size_(programme.cost.size()),
      x_(size_),
      gap_(size_),
      low_(size_),
      high_(size_),
      y_(programme.right_side.size()),
      move_x_(size_),
      move_low_(size_),
      move_high_(size_),
      move_y_(y_.size()),
      weight_(size_),
      shift_(size_),
      low_target_(size_),
      high_target_(size_),
      row_residual_(y_.size()),
      dual_residual_(size_),
      row_scratch_(y_.size()),
      scratch_(size_),
      per_x_(size_),
      per_gap_(size_) {
    start();
    measure();
}

// In the middle of the boxes. Power at its price, stored energy at the mean of it and the demand charge
// shared evenly by the steps that it counts in are a guess at the rows' multipliers; those of the ends then
// make the point dual feasible at once.
void Mehrotra::start() {
    const Layout& layout = programme_.layout;
    double mean_price = 0;
    for (std::size_t t = 0; t < programme_.steps; ++t) {
        const double price = programme_.cost[t * layout.variables + layout.import];
        y_[t * layout.rows + layout.balance_row] = price;
        mean_price += price / static_cast<double>(programme_.steps);
    }
    for (std::size_t t = 0; t < programme_.steps; ++t) {
        for (std::size_t b = 0; b < layout.batteries; ++b)
            y_[t * layout.rows + layout.energy_row + b] = -mean_price;
    }
    if (layout.has_peak) share_demand_charge();
    programme_.apply_transposed(y_, scratch_);
    for (std::size_t i = 0; i < size_; ++i) scratch_[i] = programme_.cost[i] - scratch_[i];
    const double mean_cost = std::max(
        sum_of(size_, [&](std::size_t i) { return std::abs(scratch_[i]); }) / static_cast<double>(size_),
        0.1);
    for (std::size_t i = 0; i < size_; ++i) {
        x_[i] = 0.5 * programme_.width[i];
        gap_[i] = programme_.width[i] - x_[i];
        low_[i] = std::max(scratch_[i], 0.0) + mean_cost;
        high_[i] = std::max(-scratch_[i], 0.0) + mean_cost;
    }
    live_bounds_ = 2 * static_cast<double>(size_);
}

// A peak that has risen by a step is charged to the steps from there on.
void Mehrotra::share_demand_charge() {
    const Layout& layout = programme_.layout;
    const auto& counts = programme_.in_window;
    const double counted = std::accumulate(counts.begin(), counts.end(), 0.0);
    const double share = counted > 0 ? programme_.cost[layout.rise] / counted : 0;
    double charged = 0;
    for (std::size_t t = programme_.steps; t-- > 0;) {
        charged += counts[t] * share;
        y_[t * layout.rows + layout.peak_row] = counts[t] * share;
        y_[t * layout.rows + layout.run_row] = -charged;
    }
}

void Mehrotra::measure() {
    programme_.apply(x_, row_residual_);
    primal_residual_ = 0;
    for (std::size_t i = 0; i < row_residual_.size(); ++i) {
        row_residual_[i] = programme_.right_side[i] - row_residual_[i];
        primal_residual_ = std::max(primal_residual_, std::abs(row_residual_[i]));
    }
    programme_.apply_transposed(y_, dual_residual_);
    for (std::size_t i = 0; i < size_; ++i) {
        dual_residual_[i] = programme_.cost[i] - dual_residual_[i] - low_[i] + high_[i];
    }
    const double products =
        sum_of(size_, [&](std::size_t i) { return x_[i] * low_[i] + gap_[i] * high_[i]; });
    cost_ = sum_of(size_, [&](std::size_t i) { return programme_.cost[i] * x_[i]; });
    complementarity_ = products / live_bounds_;
}

double Mehrotra::relative_gap() const {
    return complementarity_ * live_bounds_ / (1 + std::abs(cost_));
}

// Newton's direction towards low * x = low_target, high * gap = high_target and no residuals.
void Mehrotra::direction(const std::vector<double>& low_target, const std::vector<double>& high_target,
                         Refined refined) {
    for (std::size_t i = 0; i < size_; ++i) {
        shift_[i] = low_target[i] * per_x_[i] - high_target[i] * per_gap_[i] - dual_residual_[i];
        scratch_[i] = weight_[i] * shift_[i];
    }
    programme_.apply(scratch_, row_scratch_);
    for (std::size_t i = 0; i < move_y_.size(); ++i) row_scratch_[i] = row_residual_[i] - row_scratch_[i];
    move_y_ = row_scratch_;
    equations_.solve(move_y_);
    if (refined == Refined::yes && relative_gap() < refined_below_gap) refine(row_scratch_);
    programme_.apply_transposed(move_y_, scratch_);
    for (std::size_t i = 0; i < size_; ++i) {
        const double move = weight_[i] * (scratch_[i] + shift_[i]);
        move_x_[i] = move;
        move_low_[i] = (low_target[i] - low_[i] * move) * per_x_[i];
        move_high_[i] = (high_target[i] + high_[i] * move) * per_gap_[i];
    }
}

// One step of iterative refinement.
void Mehrotra::refine(const std::vector<double>& right) {
    programme_.apply_transposed(move_y_, scratch_);
    for (std::size_t i = 0; i < size_; ++i) scratch_[i] *= weight_[i];
    std::vector<double> rest(right.size());
    programme_.apply(scratch_, rest);
    for (std::size_t i = 0; i < rest.size(); ++i) rest[i] = right[i] - rest[i];
    equations_.solve(rest);
    for (std::size_t i = 0; i < rest.size(); ++i) move_y_[i] += rest[i];
}

// How far the point may go until a variable meets an end.
double Mehrotra::primal_length() const {
    const double steepest = most_of(size_, [&](std::size_t i) {
        return move_x_[i] > 0 ? move_x_[i] * per_gap_[i] : -move_x_[i] * per_x_[i];
    });
    return steepest > 0 ? 1 / steepest : std::numeric_limits<double>::infinity();
}

double Mehrotra::dual_length() const {
    const double steepest =
        std::max(most_of(size_, [&](std::size_t i) { return -move_low_[i] / low_[i]; }),
                 most_of(size_, [&](std::size_t i) { return -move_high_[i] / high_[i]; }));
    return steepest > 0 ? 1 / steepest : std::numeric_limits<double>::infinity();
}

// Mehrotra's: the cube of what the predictor leaves of the complementarity.
double Mehrotra::centre_after(double primal, double dual) const {
    const double products = sum_of(size_, [&](std::size_t i) {
        return (x_[i] + primal * move_x_[i]) * (low_[i] + dual * move_low_[i]) +
               (gap_[i] - primal * move_x_[i]) * (high_[i] + dual * move_high_[i]);
    });
    const double ratio = products / live_bounds_ / complementarity_;
    return ratio * ratio * ratio * complementarity_;
}

void Mehrotra::move(double primal, double dual) {
    for (std::size_t i = 0; i < size_; ++i) {
        x_[i] += primal * move_x_[i];
        gap_[i] -= primal * move_x_[i];
        low_[i] += dual * move_low_[i];
        high_[i] += dual * move_high_[i];
    }
    for (std::size_t i = 0; i < y_.size(); ++i) y_[i] += dual * move_y_[i];
}

bool Mehrotra::step() {
    for (std::size_t i = 0; i < size_; ++i) {
        per_x_[i] = 1 / x_[i];
        per_gap_[i] = 1 / gap_[i];
        weight_[i] = programme_.live[i] / (low_[i] * per_x_[i] + high_[i] * per_gap_[i] + regularisation);
        low_target_[i] = -x_[i] * low_[i];
        high_target_[i] = -gap_[i] * high_[i];
    }
    equations_.factor(weight_);
    direction(low_target_, high_target_, Refined::no);
    const double centre = centre_after(std::min(1.0, primal_length()), std::min(1.0, dual_length()));
    for (std::size_t i = 0; i < size_; ++i) {
        low_target_[i] += centre - move_x_[i] * move_low_[i];
        high_target_[i] += centre + move_x_[i] * move_high_[i];
    }
    direction(low_target_, high_target_, Refined::yes);
    const double primal = std::min(1.0, to_boundary * primal_length());
    const double dual = std::min(1.0, to_boundary * dual_length());
    if (!(primal > least_step) || !(dual > least_step)) return false;
    move(primal, dual);
    measure();
    return std::isfinite(complementarity_) && std::isfinite(primal_residual_);
}

}  // namespace sitepower::dispatch
