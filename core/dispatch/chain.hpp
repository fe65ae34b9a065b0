// The exact schedule of one battery: a dynamic programme whose cost-to-go over the stored energy is convex
// and piecewise linear, kept as a sorted list of slopes. A step merges the slopes of its own cost into the
// list and cuts the ends at the window. No tolerance, no iteration: the result is a vertex optimum. Where a
// step's cost is not convex its envelope is taken, so that the result is a bound, and `mixed` names the steps
// that use it. Reused between solutions of the same length to spare allocations; one owner, any thread.
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <vector>

#include "core/dispatch/problem.hpp"
#include "core/dispatch/step_cost.hpp"
#include "core/dispatch/windows.hpp"

namespace sitepower::dispatch {

// A step whose change lies inside of an envelope piece: its real cost is above the bound, which mixes a
// discharge and a charge.
struct MixedStep {
    std::size_t step;
    double discharge_kwh;  // change of stored energy at the lower end of the piece,
    double charge_kwh;     // and at the upper one
    double charge_share;   // of the upper end in the mixture
};

template <class Slope>
class Chain {
  public:
    // The first battery of the problem within its window. A lexicographic chain keeps the hard window only
    // and pays for what is missing to the reserve and to the terminal minimum. Problem and window must
    // outlive the chain.
    Chain(const Problem& problem, const Window& window);

    // directions: one per step, or empty for all free. False: no schedule exists, see infeasible_step().
    bool solve(double import_cap_kw, const std::vector<Direction>& directions);

    std::size_t infeasible_step() const { return infeasible_step_; }
    const std::vector<double>& change_kwh() const { return change_kwh_; }
    const std::vector<double>& stored_kwh() const { return stored_kwh_; }
    const std::vector<MixedStep>& mixed_steps() const { return mixed_steps_; }

    // Of each step: what a kWh more at its start would cost (negative: it is worth something), consistent
    // over the horizon as Lagrange multipliers of the energy balance. After a successful solve() only.
    std::vector<double> energy_values() const requires std::is_same_v<Slope, double>;

  private:
    // A piece of a step's cost as it lies in the merged list.
    struct Placed {
        Slope slope;
        double start_kwh;
        double width_kwh;
        bool mixed;
    };
    struct Step {
        std::size_t first_piece, end_piece;  // in placed_, last piece first
        double most_kwh;
    };

    void start();
    bool back(std::size_t step, const StepCost<Slope>& cost);
    void merge(const StepCost<Slope>& cost, Step& step);
    bool cut(double low_kwh, double high_kwh);
    void add_floor(double floor_kwh, const Slope& below);
    void forward();
    double low_kwh(std::size_t step) const;

    const Problem& problem_;
    const Battery& battery_;
    const Window& window_;
    BatteryFactors factors_;

    // Cost-to-go: edges_[first_..first_+count_], slopes_[first_..first_+count_-1].
    std::vector<double> edges_;
    std::vector<Slope> slopes_;
    std::size_t first_ = 0;
    std::size_t count_ = 0;

    std::vector<Placed> placed_;
    std::vector<Step> steps_;
    std::vector<double> change_kwh_;
    std::vector<double> stored_kwh_;
    std::vector<MixedStep> mixed_steps_;
    std::size_t infeasible_step_ = 0;
};

extern template class Chain<double>;
extern template class Chain<LexicographicCost>;

}  // namespace sitepower::dispatch
