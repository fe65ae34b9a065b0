// Mehrotra's predictor-corrector method ("On the implementation of a primal-dual interior point method", SIAM
// J. Optim. 2, 1992) on the structure of a Programme. It only proposes points: whoever asked judges them
// (certificate), decides when to stop, and keeps the best. One owner.
#pragma once

#include <cstdint>
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
    void start();
    void share_demand_charge();
    void measure();
    double primal_length() const;
    double dual_length() const;
    double centre_after(double primal, double dual) const;
    void move(double primal, double dual);
    // The predictor only tells how far to go: it is not refined.
    enum class Refined : std::uint8_t { no, yes };
    void direction(const std::vector<double>& low_target, const std::vector<double>& high_target,
                   Refined refined);
    void refine(const std::vector<double>& right);

    const Programme& programme_;
    NormalEquations equations_;
    std::size_t size_;
    double live_bounds_ = 0;
    // x: from the lower end, gap: to the upper end; low, high: multipliers of the two.
    std::vector<double> x_, gap_, low_, high_, y_;
    std::vector<double> move_x_, move_low_, move_high_, move_y_;
    std::vector<double> weight_, shift_, low_target_, high_target_, row_residual_, dual_residual_,
        row_scratch_, scratch_, per_x_, per_gap_;
    double primal_residual_ = 0;
    double complementarity_ = 0;  // the mean product
    double cost_ = 0;
};

}  // namespace sitepower::dispatch
