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

// Variables that a pass takes at once, so that a step's numbers come from the nearest cache until it has done
// with them: a week of a vector would push the next one out.
constexpr std::size_t variables_at_once = 256;

// Of single variables, whose vectors do not overlap: told so, the compiler need not test it.
template <class Body>
void for_each_of(std::size_t begin, std::size_t end, const Body& body) {
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC ivdep
#endif
    for (std::size_t i = begin; i < end; ++i) body(i);
}

// std::max hands references on, and the compiler then leaves the loop scalar.
double larger(double a, double b) {
    return a > b ? a : b;
}

// Sums and maxima of terms: first all terms, which the compiler does several of at once, then over four
// lanes, for one lane would wait for each addition before the next.
constexpr std::size_t lanes = 4;

template <class Term, class Fold>
double fold_of(std::size_t begin, std::size_t end, std::vector<double>& terms, const Term& term,
               const Fold& fold) {
    for_each_of(begin, end, [&](std::size_t i) { terms[i - begin] = term(i); });
    const std::size_t size = end - begin;
    double folded[lanes] = {};
    std::size_t i = 0;
    for (; i + lanes <= size; i += lanes) {
        for (std::size_t k = 0; k < lanes; ++k) folded[k] = fold(folded[k], terms[i + k]);
    }
    double all = fold(fold(folded[0], folded[1]), fold(folded[2], folded[3]));
    for (; i < size; ++i) all = fold(all, terms[i]);
    return all;
}

template <class Term>
double sum_of(std::size_t begin, std::size_t end, std::vector<double>& terms, const Term& term) {
    return fold_of(begin, end, terms, term, [](double sum, double value) { return sum + value; });
}

// Zero at least.
template <class Term>
double most_of(std::size_t begin, std::size_t end, std::vector<double>& terms, const Term& term) {
    return fold_of(begin, end, terms, term, [](double most, double value) { return larger(value, most); });
}

double length_to_end(double steepest) {
    return steepest > 0 ? 1 / steepest : std::numeric_limits<double>::infinity();
}

}  // namespace

Mehrotra::Mehrotra(const Programme& programme)
    : programme_(programme),
      equations_(programme),
      ranges_(ranges_of_steps()),
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
    for (const StepRange range : ranges_) {
        const auto [begin, end] = variables_of(range);
        if (terms_.size() < end - begin) terms_.resize(end - begin);
    }
    for (const StepRange range : ranges_) measure(range);
}

std::vector<StepRange> Mehrotra::ranges_of_steps() const {
    const std::size_t at_once =
        programme_.border.scenarios > 0
            ? programme_.steps
            : std::max<std::size_t>(1, variables_at_once / programme_.layout.variables);
    std::vector<StepRange> ranges;
    for (std::size_t begin = 0; begin < programme_.steps; begin += at_once) {
        ranges.push_back({begin, std::min(begin + at_once, programme_.steps)});
    }
    return ranges;
}

Mehrotra::Stretch Mehrotra::variables_of(StepRange range) const {
    const std::size_t per_step = programme_.layout.variables;
    return {range.begin * per_step, range.end == programme_.steps ? size_ : range.end * per_step};
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
    const double mean_cost =
        std::max(sum_of(0, size_, shift_, [&](std::size_t i) { return std::abs(scratch_[i]); }) /
                     static_cast<double>(size_),
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

// Residuals, complementarity and cost of the point; the first range begins them.
void Mehrotra::measure(StepRange range) {
    if (range.begin == 0) primal_residual_ = complementarity_ = cost_ = 0;
    const auto [begin, end] = variables_of(range);
    for_each_of(begin, end, [&](std::size_t i) { scratch_[i] = programme_.live[i] * x_[i]; });
    programme_.apply(scratch_, row_residual_, range);
    const std::size_t rows_end =
        range.end == programme_.steps ? y_.size() : range.end * programme_.layout.rows;
    for (std::size_t i = range.begin * programme_.layout.rows; i < rows_end; ++i) {
        row_residual_[i] = programme_.right_side[i] - row_residual_[i];
        primal_residual_ = std::max(primal_residual_, std::abs(row_residual_[i]));
    }
    programme_.apply_transposed(y_, dual_residual_, range);
    for_each_of(begin, end, [&](std::size_t i) {
        dual_residual_[i] = programme_.cost[i] - dual_residual_[i] - low_[i] + high_[i];
    });
    complementarity_ +=
        sum_of(begin, end, terms_, [&](std::size_t i) { return x_[i] * low_[i] + gap_[i] * high_[i]; }) /
        live_bounds_;
    cost_ += sum_of(begin, end, terms_, [&](std::size_t i) { return programme_.cost[i] * x_[i]; });
}

double Mehrotra::relative_gap() const {
    return complementarity_ * live_bounds_ / (1 + std::abs(cost_));
}

// Newton's direction towards low * x = low_target, high * gap = high_target and no residuals; `shift` is what
// both targets and the dual residual ask of a variable. The predictor's targets are zero products.
void Mehrotra::aim_at_ends(StepRange range) {
    const auto [begin, end] = variables_of(range);
    for_each_of(begin, end, [&](std::size_t i) {
        per_x_[i] = 1 / x_[i];
        per_gap_[i] = 1 / gap_[i];
        weight_[i] = programme_.live[i] / (low_[i] * per_x_[i] + high_[i] * per_gap_[i] + regularisation);
        shift_[i] = high_[i] - low_[i] - dual_residual_[i];
        scratch_[i] = weight_[i] * shift_[i];
    });
}

// The corrector's: a centre, and what the predictor's own products leave. Its moves of the multipliers follow
// from those of x.
void Mehrotra::aim_at_centre(StepRange range, double centre) {
    const auto [begin, end] = variables_of(range);
    for_each_of(begin, end, [&](std::size_t i) {
        const double move = move_x_[i];
        low_target_[i] = centre - x_[i] * low_[i] + move * low_[i] * (1 + move * per_x_[i]);
        high_target_[i] = centre - gap_[i] * high_[i] - move * high_[i] * (1 - move * per_gap_[i]);
        shift_[i] = low_target_[i] * per_x_[i] - high_target_[i] * per_gap_[i] - dual_residual_[i];
        scratch_[i] = weight_[i] * shift_[i];
    });
}

void Mehrotra::reduce_to_rows(StepRange range) {
    programme_.apply(scratch_, move_y_, range);
    const std::size_t rows_end =
        range.end == programme_.steps ? y_.size() : range.end * programme_.layout.rows;
    for (std::size_t i = range.begin * programme_.layout.rows; i < rows_end; ++i) {
        move_y_[i] = row_residual_[i] - move_y_[i];
    }
}

void Mehrotra::predict(Prediction& prediction) {
    for (const StepRange range : ranges_) {
        aim_at_ends(range);
        reduce_to_rows(range);
        equations_.factor(weight_, range);
        equations_.forward(move_y_, range);
    }
    for (std::size_t i = ranges_.size(); i-- > 0;) {
        const StepRange range = ranges_[i];
        equations_.backward(move_y_, range);
        foresee(range, prediction);
    }
}

void Mehrotra::foresee(StepRange range, Prediction& prediction) {
    programme_.apply_transposed(move_y_, scratch_, range);
    const auto [begin, end] = variables_of(range);
    for_each_of(begin, end, [&](std::size_t i) { move_x_[i] = weight_[i] * (scratch_[i] + shift_[i]); });
    const double primal = most_of(begin, end, terms_, [&](std::size_t i) {
        return larger(-move_x_[i] * per_x_[i], move_x_[i] * per_gap_[i]);
    });
    const double dual = most_of(begin, end, terms_, [&](std::size_t i) {
        return 1 + larger(move_x_[i] * per_x_[i], -move_x_[i] * per_gap_[i]);
    });
    prediction.primal = larger(prediction.primal, primal);
    prediction.dual = larger(prediction.dual, dual);
    prediction.leaning +=
        sum_of(begin, end, terms_, [&](std::size_t i) { return move_x_[i] * (low_[i] - high_[i]); });
    prediction.bending -= sum_of(begin, end, terms_, [&](std::size_t i) {
        return move_x_[i] *
               (low_[i] * (1 + move_x_[i] * per_x_[i]) - high_[i] * (1 - move_x_[i] * per_gap_[i]));
    });
}

void Mehrotra::correct(double centre, Steepest& steepest) {
    const bool refined = relative_gap() < refined_below_gap;
    for (const StepRange range : ranges_) {
        aim_at_centre(range, centre);
        reduce_to_rows(range);
        if (!refined) equations_.forward(move_y_, range);
    }
    if (refined) solve_and_refine();
    for (std::size_t i = ranges_.size(); i-- > 0;) {
        const StepRange range = ranges_[i];
        if (!refined) equations_.backward(move_y_, range);
        take_moves(range, steepest);
    }
}

// One step of iterative refinement.
void Mehrotra::solve_and_refine() {
    row_scratch_ = move_y_;
    equations_.solve(move_y_);
    programme_.apply_transposed(move_y_, scratch_, {0, programme_.steps});
    for (std::size_t i = 0; i < size_; ++i) scratch_[i] *= weight_[i];
    std::vector<double> rest(y_.size());
    programme_.apply(scratch_, rest, {0, programme_.steps});
    for (std::size_t i = 0; i < rest.size(); ++i) rest[i] = row_scratch_[i] - rest[i];
    equations_.solve(rest);
    for (std::size_t i = 0; i < rest.size(); ++i) move_y_[i] += rest[i];
}

void Mehrotra::take_moves(StepRange range, Steepest& steepest) {
    programme_.apply_transposed(move_y_, scratch_, range);
    const auto [begin, end] = variables_of(range);
    for_each_of(begin, end, [&](std::size_t i) {
        const double move = weight_[i] * (scratch_[i] + shift_[i]);
        move_x_[i] = move;
        move_low_[i] = (low_target_[i] - low_[i] * move) * per_x_[i];
        move_high_[i] = (high_target_[i] + high_[i] * move) * per_gap_[i];
    });
    const double primal = most_of(begin, end, terms_, [&](std::size_t i) {
        return larger(-move_x_[i] * per_x_[i], move_x_[i] * per_gap_[i]);
    });
    const double dual = most_of(begin, end, terms_, [&](std::size_t i) {
        return larger(-move_low_[i] / low_[i], -move_high_[i] / high_[i]);
    });
    steepest.primal = larger(steepest.primal, primal);
    steepest.dual = larger(steepest.dual, dual);
}

void Mehrotra::move(StepRange range, double primal, double dual) {
    const auto [begin, end] = variables_of(range);
    for_each_of(begin, end, [&](std::size_t i) {
        x_[i] += primal * move_x_[i];
        gap_[i] -= primal * move_x_[i];
        low_[i] += dual * move_low_[i];
        high_[i] += dual * move_high_[i];
    });
}

bool Mehrotra::step() {
    Prediction predicted;
    predict(predicted);
    // Mehrotra's centre: the cube of what the predictor leaves of the complementarity. The multipliers' part
    // of it takes away the products themselves and what leans on x.
    const double primal = std::min(1.0, length_to_end(predicted.primal));
    const double dual = std::min(1.0, length_to_end(predicted.dual));
    const double left = 1 - dual +
                        ((primal - dual) * predicted.leaning + primal * dual * predicted.bending) /
                            (live_bounds_ * complementarity_);
    Steepest corrected;
    correct(left * left * left * complementarity_, corrected);
    const double primal_length = std::min(1.0, to_boundary * length_to_end(corrected.primal));
    const double dual_length = std::min(1.0, to_boundary * length_to_end(corrected.dual));
    if (!(primal_length > least_step) || !(dual_length > least_step)) return false;
    for (std::size_t i = 0; i < y_.size(); ++i) y_[i] += dual_length * move_y_[i];
    for (const StepRange range : ranges_) {
        move(range, primal_length, dual_length);
        measure(range);
    }
    return std::isfinite(complementarity_) && std::isfinite(primal_residual_);
}

}  // namespace sitepower::dispatch
