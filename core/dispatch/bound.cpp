#include "core/dispatch/bound.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace sitepower::dispatch {
namespace {

constexpr double nothing = -std::numeric_limits<double>::infinity();

double box_minimum(double slope, double least, double most) {
    return slope * (slope > 0 ? least : most);
}

// Prices of a step: given, or the mean of the scenarios by weights that a dual feasible point may take.
struct Prices {
    std::vector<double> import_price, export_price;
};

Prices prices_of(const Problem& problem, const Multipliers& multipliers) {
    if (!problem.risk) return {problem.import_price_per_kwh, problem.export_price_per_kwh};
    Prices prices{std::vector<double>(problem.steps()), std::vector<double>(problem.steps())};
    for (std::size_t s = 0; s < multipliers.scenario_weight.size(); ++s) {
        for (std::size_t t = 0; t < problem.steps(); ++t) {
            const double weight = multipliers.scenario_weight[s];
            prices.import_price[t] += weight * problem.risk->import_price_per_kwh[s][t];
            prices.export_price[t] += weight * problem.risk->export_price_per_kwh[s][t];
        }
    }
    return prices;
}

// The weights of the dual of CVaR: they sum to 1, each between its share of the mean and that plus its
// largest share of the tail. Anything else would be no bound.
bool weights_allowed(const Problem& problem, const Multipliers& multipliers) {
    if (!problem.risk) return true;
    const auto& risk = *problem.risk;
    const auto scenarios = static_cast<double>(risk.import_price_per_kwh.size());
    const double least = (1 - risk.aversion) / scenarios;
    const double most = least + risk.aversion / ((1 - risk.level) * scenarios);
    if (multipliers.scenario_weight.size() != risk.import_price_per_kwh.size()) return false;
    double sum = 0;
    for (const double weight : multipliers.scenario_weight) {
        if (!(weight >= least - 1e-15 && weight <= most + 1e-15)) return false;
        sum += weight;
    }
    return std::abs(sum - 1) <= 1e-14 * scenarios;
}

// A peak that covers every step would be billed at price - sum of the steps' prices per kW.
double peak_bound(const Problem& problem, const Multipliers& multipliers) {
    if (!problem.demand) return 0;
    double priced = 0;
    for (std::size_t t = 0; t < problem.steps(); ++t) {
        if (multipliers.peak_price[t] < 0) return nothing;
        if (problem.in_demand_window(t)) priced += multipliers.peak_price[t];
    }
    const double left = problem.demand->price_per_kw - priced;
    const double so_far_kw = problem.demand->peak_so_far_kw;
    // Above every import there is no reason to go; below the peak so far there is no way.
    const double most_kw = std::max(so_far_kw, problem.import_limit_kw);
    return box_minimum(left, so_far_kw, most_kw) - problem.demand->price_per_kw * so_far_kw;
}

double peak_price_at(const Problem& problem, const Multipliers& multipliers, std::size_t step) {
    return problem.in_demand_window(step) ? multipliers.peak_price[step] : 0.0;
}

// What the stored energies themselves contribute: start, ends of the windows, terminal value.
double storage_bound(const Problem& problem, const Battery& battery, const Window& window,
                     const std::vector<double>& energy_value) {
    const double kept = kept_share(battery, problem.step_h);
    double bound = kept * energy_value[0] * battery.stored_kwh;
    for (std::size_t t = 0; t < problem.steps(); ++t) {
        const bool last = t + 1 == problem.steps();
        const double after = last ? -battery.terminal_value_per_kwh : kept * energy_value[t + 1];
        bound += box_minimum(after - energy_value[t], window.floor_kwh[t], window.high_kwh[t]);
    }
    return bound;
}

// The smallest cost of a step of one battery, over the breakpoints of its battery power.
class JointStep {
  public:
    JointStep(const Problem& problem, const BatteryFactors& factors) : problem_(problem), factors_(factors) {}

    double minimum(std::size_t t, double import_price, double export_price, double energy_value,
                   Direction direction) const {
        const double load_kw = problem_.net_load_kw(t);
        const double pv_kw = problem_.pv_at(t);
        const double low_kw = std::max(direction == Direction::charge ? 0.0 : -factors_.discharge_max_kw,
                                       -problem_.export_limit_kw - pv_kw - load_kw);
        const double high_kw = std::min(direction == Direction::discharge ? 0.0 : factors_.charge_max_kw,
                                        problem_.import_limit_kw - load_kw);
        if (low_kw > high_kw) {
            return low_kw - high_kw < 1e-9 ? cost(t, low_kw, import_price, export_price, energy_value)
                                           : std::numeric_limits<double>::infinity();
        }
        double least = std::numeric_limits<double>::infinity();
        for (const double residual_kw :
             {0.0, -pv_kw, -problem_.export_limit_kw, problem_.import_limit_kw - pv_kw}) {
            const double power_kw = std::clamp(residual_kw - load_kw, low_kw, high_kw);
            least = std::min(least, cost(t, power_kw, import_price, export_price, energy_value));
        }
        for (const double power_kw : {low_kw, high_kw, std::clamp(0.0, low_kw, high_kw)}) {
            least = std::min(least, cost(t, power_kw, import_price, export_price, energy_value));
        }
        return least;
    }

    // How far a change is above the minimum.
    double slack(std::size_t t, double import_price, double export_price, double energy_value,
                 double change_kwh) const {
        return cost(t, factors_.power_kw(change_kwh), import_price, export_price, energy_value) -
               minimum(t, import_price, export_price, energy_value, Direction::both);
    }

    // The cost over the change of stored energy, as points between which it is linear.
    std::vector<CurvePoint> curve(std::size_t t) const {
        const double load_kw = problem_.net_load_kw(t);
        const double pv_kw = problem_.pv_at(t);
        const double low_kw =
            std::max(-factors_.discharge_max_kw, -problem_.export_limit_kw - pv_kw - load_kw);
        const double high_kw =
            std::max(low_kw, std::min(factors_.charge_max_kw, problem_.import_limit_kw - load_kw));
        std::vector<double> powers_kw{low_kw, high_kw, std::clamp(0.0, low_kw, high_kw)};
        for (const double residual_kw :
             {0.0, -pv_kw, -problem_.export_limit_kw, problem_.import_limit_kw - pv_kw}) {
            powers_kw.push_back(std::clamp(residual_kw - load_kw, low_kw, high_kw));
        }
        std::ranges::sort(powers_kw);
        powers_kw.erase(std::unique(powers_kw.begin(), powers_kw.end()), powers_kw.end());
        std::vector<CurvePoint> points;
        points.reserve(powers_kw.size());
        for (const double power_kw : powers_kw) {
            points.push_back(
                {factors_.change_kwh(power_kw),
                 cost(t, power_kw, problem_.import_price_per_kwh[t], problem_.export_price_per_kwh[t], 0)});
        }
        return points;
    }

  private:
    double cost(std::size_t t, double power_kw, double import_price, double export_price,
                double energy_value) const {
        const double change_kwh = factors_.change_kwh(power_kw);
        return grid_cost_at(t, problem_.net_load_kw(t) + power_kw, import_price, export_price) +
               factors_.wear * std::abs(change_kwh) + energy_value * change_kwh;
    }
    // Of a residual load, with the best curtailment: at an end of its range, or where the grid stands at
    // zero.
    double grid_cost_at(std::size_t t, double residual_kw, double import_price, double export_price) const {
        const double low_kw = std::clamp(-problem_.export_limit_kw - residual_kw, 0.0, problem_.pv_at(t));
        const double high_kw = std::clamp(problem_.import_limit_kw - residual_kw, low_kw, problem_.pv_at(t));
        double least = std::numeric_limits<double>::infinity();
        for (const double curtailed_kw : {low_kw, high_kw, std::clamp(-residual_kw, low_kw, high_kw)}) {
            const double grid_kw = residual_kw + curtailed_kw;
            least = std::min(least, problem_.step_h * grid_kw * (grid_kw > 0 ? import_price : export_price));
        }
        return least;
    }

    const Problem& problem_;
    const BatteryFactors& factors_;
};

double battery_minimum(const Battery& battery, const Problem& problem, double power_price,
                       double energy_value, Direction direction) {
    const double stored = problem.step_h * battery.charge_efficiency;
    const double taken = problem.step_h / battery.discharge_efficiency;
    const double per_charge_kw =
        problem.step_h * power_price + (battery.wear_per_kwh + energy_value) * stored;
    const double per_discharge_kw =
        (battery.wear_per_kwh - energy_value) * taken - problem.step_h * power_price;
    double least = 0;
    if (direction != Direction::discharge) least = std::min(least, per_charge_kw * battery.charge_max_kw);
    if (direction != Direction::charge) least = std::min(least, per_discharge_kw * battery.discharge_max_kw);
    return least;
}

double on_line(const CurvePoint& left, const CurvePoint& right, double x) {
    return left.value + (right.value - left.value) * (x - left.x) / (right.x - left.x);
}

// At an x that may miss the ends by rounding; i: of the first point at or beyond x.
double value_near(const std::vector<CurvePoint>& points, std::size_t i, double x) {
    if (i == 0) return points.front().value;
    return i == points.size() ? points.back().value : on_line(points[i - 1], points[i], x);
}

// The smallest of step(end - held) + after(end), held fixed: at an end of a piece of one of the two.
double least_from(const std::vector<CurvePoint>& step, const std::vector<CurvePoint>& after,
                  double held_kwh) {
    const double first_kwh = std::max(held_kwh + step.front().x, after.front().x) - same_kwh;
    const double last_kwh = std::min(held_kwh + step.back().x, after.back().x) + same_kwh;
    double least = std::numeric_limits<double>::infinity();
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < step.size() || j < after.size()) {
        const bool take_step = j == after.size() || (i < step.size() && held_kwh + step[i].x <= after[j].x);
        const double end_kwh = take_step ? held_kwh + step[i].x : after[j].x;
        if (end_kwh > last_kwh) break;
        if (end_kwh >= first_kwh) {
            const double sum = take_step ? step[i].value + value_near(after, j, end_kwh)
                                         : after[j].value + value_near(step, i, end_kwh - held_kwh);
            least = std::min(least, sum);
        }
        ++(take_step ? i : j);
    }
    return least;
}

// The smallest that a step can add: over the ends of the pieces of all three functions, taken in pairs, since
// the sum is linear between the lines that they draw in the plane of the two energies.
double least_addition(const Curve& before, const std::vector<CurvePoint>& step, const Curve& after,
                      double kept) {
    double least = std::numeric_limits<double>::infinity();
    for (const CurvePoint& held : before.points()) {
        least = std::min(least, least_from(step, after.points(), kept * held.x) - held.value);
    }
    for (const CurvePoint& end : after.points()) {
        for (const CurvePoint& change : step) {
            const double held_kwh = (end.x - change.x) / kept;
            if (held_kwh < before.least_x() || held_kwh > before.most_x()) continue;
            least = std::min(least, end.value + change.value - before.at(held_kwh));
        }
    }
    return least;
}

// A function that leaves out energies of the window is no bound, unless nothing leads on from what it leaves
// out.
bool covers(const Window& window, const std::vector<Curve>& cost_to_go, std::size_t t, double kept,
            const std::vector<CurvePoint>* step_after) {
    const Curve& curve = cost_to_go[t];
    if (curve.empty()) return false;
    const bool low = curve.least_x() <= window.floor_kwh[t] + same_kwh ||
                     (step_after != nullptr && kept * curve.least_x() + step_after->back().x <=
                                                   cost_to_go[t + 1].least_x() + same_kwh);
    const bool high = curve.most_x() >= window.high_kwh[t] - same_kwh ||
                      (step_after != nullptr && kept * curve.most_x() + step_after->front().x >=
                                                    cost_to_go[t + 1].most_x() - same_kwh);
    return low && high;
}

}  // namespace

double lower_bound_by_values(const Problem& problem, const Window& window,
                             const std::vector<Curve>& cost_to_go) {
    const Battery& battery = problem.batteries.front();
    const BatteryFactors factors(battery, problem.step_h);
    const JointStep joint(problem, factors);
    double bound = 0;
    for (std::size_t t = 0; t < problem.steps(); ++t) {
        const auto step = joint.curve(t);
        if (t > 0 && !covers(window, cost_to_go, t - 1, factors.kept, &step)) return nothing;
        if (t == 0) {
            bound = least_from(step, cost_to_go[0].points(), factors.kept * battery.stored_kwh);
        } else {
            bound += least_addition(cost_to_go[t - 1], step, cost_to_go[t], factors.kept);
        }
    }
    // The last function against the terminal value itself.
    double left = std::numeric_limits<double>::infinity();
    for (const CurvePoint& point : cost_to_go.back().points()) {
        left = std::min(left, -battery.terminal_value_per_kwh * point.x - point.value);
    }
    if (!covers(window, cost_to_go, problem.steps() - 1, factors.kept, nullptr)) return nothing;
    bound += left;
    if (!std::isfinite(bound)) return nothing;
    return bound;
}

double lower_bound_one(const Problem& problem, const Window& window, const Multipliers& multipliers,
                       const std::vector<Direction>& directions) {
    if (!weights_allowed(problem, multipliers)) return nothing;
    const Battery& battery = problem.batteries.front();
    const BatteryFactors factors(battery, problem.step_h);
    const JointStep joint(problem, factors);
    const Prices prices = prices_of(problem, multipliers);
    const auto& energy_value = multipliers.energy_value.front();
    double bound = peak_bound(problem, multipliers) + storage_bound(problem, battery, window, energy_value);
    for (std::size_t t = 0; t < problem.steps(); ++t) {
        const double peak_price = peak_price_at(problem, multipliers, t) / problem.step_h;
        bound += joint.minimum(t, prices.import_price[t] + peak_price, prices.export_price[t],
                               energy_value[t], directions.empty() ? Direction::both : directions[t]);
    }
    if (std::isnan(bound)) return nothing;
    return bound;
}

std::optional<std::size_t> loosest_step(const Problem& problem, const Multipliers& multipliers,
                                        const std::vector<Direction>& directions,
                                        const std::vector<double>& change_kwh) {
    const BatteryFactors factors(problem.batteries.front(), problem.step_h);
    const JointStep joint(problem, factors);
    std::optional<std::size_t> loosest;
    double most = 0;
    for (std::size_t t = 0; t < problem.steps(); ++t) {
        const auto grid = grid_cost<double>(problem, t, std::numeric_limits<double>::infinity());
        const bool open = directions.empty() || directions[t] == Direction::both;
        if (!open || step_cost(factors, grid, problem.net_load_kw(t), Direction::both).convex) continue;
        const double import_price =
            problem.import_price_per_kwh[t] + peak_price_at(problem, multipliers, t) / problem.step_h;
        const double slack = joint.slack(t, import_price, problem.export_price_per_kwh[t],
                                         multipliers.energy_value.front()[t], change_kwh[t]);
        if (loosest && slack <= most) continue;
        loosest = t;
        most = slack;
    }
    return loosest;
}

double lower_bound(const Problem& problem, const std::vector<Window>& windows, const Multipliers& multipliers,
                   const std::vector<std::vector<Direction>>& directions) {
    if (!weights_allowed(problem, multipliers)) return nothing;
    const Prices prices = prices_of(problem, multipliers);
    const double step_h = problem.step_h;
    double bound = peak_bound(problem, multipliers);
    for (std::size_t b = 0; b < problem.batteries.size(); ++b) {
        const auto& energy_value = multipliers.energy_value[b];
        bound += storage_bound(problem, problem.batteries[b], windows[b], energy_value);
        for (std::size_t t = 0; t < problem.steps(); ++t) {
            bound +=
                battery_minimum(problem.batteries[b], problem, multipliers.power_price[t], energy_value[t],
                                directions.empty() ? Direction::both : directions[b][t]);
        }
    }
    for (std::size_t t = 0; t < problem.steps(); ++t) {
        const double price = multipliers.power_price[t];
        bound += step_h * price * problem.net_load_kw(t);
        const double import_slope =
            step_h * (prices.import_price[t] - price) + peak_price_at(problem, multipliers, t);
        bound += box_minimum(import_slope, 0, problem.import_limit_kw);
        bound += box_minimum(step_h * (price - prices.export_price[t]), 0, problem.export_limit_kw);
        bound += box_minimum(step_h * price, 0, problem.pv_at(t));
    }
    if (std::isnan(bound)) return nothing;
    return bound;
}

}  // namespace sitepower::dispatch
