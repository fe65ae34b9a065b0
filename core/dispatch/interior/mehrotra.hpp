// Mehrotra's predictor-corrector method ("On the implementation of a primal-dual interior point method", SIAM
// J. Optim. 2, 1992) on the structure of a Programme. It only proposes points: whoever asked judges them
// (certificate), decides when to stop, and keeps the best. One owner.
#pragma once

#include <cstddef>
#include <vector>

#include "core/dispatch/interior/layout.hpp"
#include "core/dispatch/interior/normal_equations.hpp"

namespace sitepower::dispatch {

class Mehrotra {
  public:
    explicit Mehrotra(const Programme& programme);

    // One iteration. False: no further progress is possible.
    bool step();

    const std::vector<double>& x() const { return x_; }
    const std::vector<double>& y() const { return y_; }          // of the rows
    double primal_residual() const { return primal_residual_; }  // the largest row, scaled
    double relative_gap() const;                                 // its own: complementarity against the cost

  private:
    // Variables begin to end - 1 of some steps; those of a border go with the last one.
    struct Stretch {
        std::size_t begin, end;
    };
    // How steeply a direction runs into the ends, per whole step of it.
    struct Steepest {
        double primal = 0, dual = 0;
    };
    // leaning, bending: what the products of all variables change by with a step's length in x alone, and
    // with that times its length in the multipliers.
    struct Prediction : Steepest {
        double leaning = 0, bending = 0;
    };

    void start();
    void share_demand_charge();
    std::vector<StepRange> ranges_of_steps() const;
    Stretch variables_of(StepRange range) const;
    void predict(Prediction& prediction);
    void foresee(StepRange range, Prediction& prediction);
    void correct(double centre, Steepest& steepest);
    void solve_and_refine();
    void aim_at_ends(StepRange range);
    void aim_at_centre(StepRange range, double centre);
    void reduce_to_rows(StepRange range);
    void take_moves(StepRange range, Steepest& steepest);
    void move(StepRange range, double primal, double dual);
    void measure(StepRange range);

    const Programme& programme_;
    NormalEquations equations_;
    std::vector<StepRange> ranges_;
    std::size_t size_;
    double live_bounds_ = 0;
    // x: from the lower end, gap: to the upper end; low, high: multipliers of the two.
    std::vector<double> x_, gap_, low_, high_, y_;
    std::vector<double> move_x_, move_low_, move_high_, move_y_;
    std::vector<double> weight_, shift_, low_target_, high_target_, row_residual_, dual_residual_,
        row_scratch_, scratch_, per_x_, per_gap_;
    std::vector<double> terms_;  // of a range, to be folded
    double primal_residual_ = 0;
    double complementarity_ = 0;  // the mean product
    double cost_ = 0;
};

}  // namespace sitepower::dispatch
