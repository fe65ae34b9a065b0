#include "core/dispatch/value_functions.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/dispatch/schedule.hpp"
#include "core/dispatch/step_cost.hpp"

namespace sitepower::dispatch {
namespace {

class ValueProgramme {
  public:
    ValueProgramme(const Problem& problem, const Window& window)
        : problem_(problem),
          window_(window),
          battery_(problem.batteries.front()),
          factors_(battery_, problem.step_h) {}

    std::optional<ValueSolution> solve() {
        const std::size_t steps = problem_.steps();
        ValueSolution solution{.cost_to_go = std::vector<Curve>(steps)};
        const double value = -battery_.terminal_value_per_kwh;
        Curve curve({{window_.floor_kwh[steps - 1], value * window_.floor_kwh[steps - 1]},
                     {window_.high_kwh[steps - 1], value * window_.high_kwh[steps - 1]}});
        for (std::size_t t = steps; t-- > 0;) {
            solution.cost_to_go[t] = curve;
            if (t == 0) break;
            curve = back(t, curve);
            curve.stretch(factors_.kept);
            const bool fits = curve.cut(window_.floor_kwh[t - 1], window_.high_kwh[t - 1]);
            if (!fits || curve.points().size() > most_curve_points) return std::nullopt;
        }
        double stored_kwh = battery_.stored_kwh;
        for (std::size_t t = 0; t < steps; ++t) {
            const auto change = best_change(t, factors_.kept * stored_kwh, solution.cost_to_go[t]);
            if (!change) return std::nullopt;
            solution.change_kwh.push_back(*change);
            stored_kwh = factors_.kept * stored_kwh + *change;
        }
        return solution;
    }

  private:
    double cost(std::size_t t, double change_kwh) const {
        const GridFlow grid =
            cover(problem_, t, problem_.net_load_kw(t) + factors_.power_kw(change_kwh), no_cap);
        return problem_.step_h * (problem_.import_price_per_kwh[t] * grid.import_kw -
                                  problem_.export_price_per_kwh[t] * grid.export_kw) +
               factors_.wear * std::abs(change_kwh);
    }

    std::vector<StepCost<double>> convex_branches(std::size_t t) const {
        const auto grid = grid_cost<double>(problem_, t, no_cap);
        const double load_kw = problem_.net_load_kw(t);
        auto whole = step_cost(factors_, grid, load_kw, Direction::both);
        if (whole.convex) return {whole};
        return {step_cost(factors_, grid, load_kw, Direction::discharge),
                step_cost(factors_, grid, load_kw, Direction::charge)};
    }

    // The smallest sum of a branch and a convex arc of the cost-to-go, over the energy held before the
    // change: their slopes merged.
    Curve merged(std::size_t t, const StepCost<double>& branch, const std::vector<CurvePoint>& points,
                 std::size_t first, std::size_t last) const {
        std::vector<CurvePoint> result;
        CurvePoint at{points[first].x - branch.most_kwh, points[first].value + cost(t, branch.most_kwh)};
        result.push_back(at);
        std::size_t i = first;
        std::size_t j = 0;
        while (i < last || j < branch.size) {
            const double arc_slope =
                i < last ? (points[i + 1].value - points[i].value) / (points[i + 1].x - points[i].x) : no_cap;
            if (j < branch.size && branch.pieces[j].slope <= arc_slope) {
                at.x += branch.pieces[j].width_kwh;
                at.value += branch.pieces[j].slope * branch.pieces[j].width_kwh;
                ++j;
            } else {
                at.x += points[i + 1].x - points[i].x;
                at.value += points[i + 1].value - points[i].value;
                ++i;
            }
            result.push_back(at);
        }
        return Curve(std::move(result));
    }

    Curve back(std::size_t t, const Curve& after) const {
        const auto& points = after.points();
        Curve result;
        for (const auto& branch : convex_branches(t)) {
            if (!branch.feasible) continue;
            for (std::size_t first = 0, last = 0; first == 0 || first + 1 < points.size(); first = last) {
                last = end_of_arc(points, first);
                result.take_minimum(merged(t, branch, points, first, last));
                if (last == first) break;
            }
        }
        return result;
    }

    // The last point up to which the slopes rise.
    static std::size_t end_of_arc(const std::vector<CurvePoint>& points, std::size_t first) {
        double before = -no_cap;
        std::size_t i = first;
        for (; i + 1 < points.size(); ++i) {
            const double slope = (points[i + 1].value - points[i].value) / (points[i + 1].x - points[i].x);
            if (slope < before) break;
            before = slope;
        }
        return i;
    }

    // Among the ends of all pieces of step and cost-to-go there is a best change.
    std::optional<double> best_change(std::size_t t, double held_kwh, const Curve& after) const {
        double best = 0;
        double best_cost = no_cap;
        for (const auto& branch : convex_branches(t)) {
            if (!branch.feasible) continue;
            const auto consider = [&](double change_kwh) {
                if (change_kwh < branch.least_kwh - 1e-9 || change_kwh > branch.most_kwh + 1e-9) return;
                const double change = std::clamp(change_kwh, branch.least_kwh, branch.most_kwh);
                const double total =
                    cost(t, change) +
                    after.at(std::clamp(held_kwh + change, after.least_x() - 1e-9, after.most_x() + 1e-9));
                if (held_kwh + change < after.least_x() - 1e-9 || held_kwh + change > after.most_x() + 1e-9)
                    return;
                if (total < best_cost) {
                    best_cost = total;
                    best = change;
                }
            };
            double change = branch.most_kwh;
            consider(change);
            for (std::size_t j = 0; j < branch.size; ++j) consider(change -= branch.pieces[j].width_kwh);
            for (const CurvePoint& point : after.points()) consider(point.x - held_kwh);
        }
        if (best_cost == no_cap) return std::nullopt;
        return best;
    }

    const Problem& problem_;
    const Window& window_;
    const Battery& battery_;
    BatteryFactors factors_;
};

}  // namespace

std::optional<ValueSolution> solve_by_value_functions(const Problem& problem, const Window& window) {
    return ValueProgramme(problem, window).solve();
}

}  // namespace sitepower::dispatch
