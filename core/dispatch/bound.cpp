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
            prices.import_price[t] += multipliers.scenario_weight[s] * problem.risk->import_price_per_kwh[s][t];
        }
    }
    for (std::size_t t = 0; t < problem.steps(); ++t) {
        prices.export_price[t] = prices.import_price[t] - problem.risk->export_spread_per_kwh;
    }
    return prices;
}

// The weights of the dual of CVaR: they sum to 1, each between its share of the mean and that plus its largest share
// of the tail. Anything else would be no bound.
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
        for (const double residual_kw : {0.0, -pv_kw, -problem_.export_limit_kw, problem_.import_limit_kw - pv_kw}) {
            const double power_kw = std::clamp(residual_kw - load_kw, low_kw, high_kw);
            least = std::min(least, cost(t, power_kw, import_price, export_price, energy_value));
        }
        for (const double power_kw : {low_kw, high_kw, std::clamp(0.0, low_kw, high_kw)}) {
            least = std::min(least, cost(t, power_kw, import_price, export_price, energy_value));
        }
        return least;
    }

  private:
    double cost(std::size_t t, double power_kw, double import_price, double export_price,
                double energy_value) const {
        const double change_kwh = factors_.change_kwh(power_kw);
        return grid_cost_at(t, problem_.net_load_kw(t) + power_kw, import_price, export_price) +
               factors_.wear * std::abs(change_kwh) + energy_value * change_kwh;
    }
    // Of a residual load, with the best curtailment: at an end of its range, or where the grid stands at zero.
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

double battery_minimum(const Battery& battery, const Problem& problem, double power_price, double energy_value,
                       Direction direction) {
    const double stored = problem.step_h * battery.charge_efficiency;
    const double taken = problem.step_h / battery.discharge_efficiency;
    const double per_charge_kw = problem.step_h * power_price + (battery.wear_per_kwh + energy_value) * stored;
    const double per_discharge_kw = (battery.wear_per_kwh - energy_value) * taken - problem.step_h * power_price;
    double least = 0;
    if (direction != Direction::discharge) least = std::min(least, per_charge_kw * battery.charge_max_kw);
    if (direction != Direction::charge) least = std::min(least, per_discharge_kw * battery.discharge_max_kw);
    return least;
}

}  // namespace

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
        bound += joint.minimum(t, prices.import_price[t] + peak_price, prices.export_price[t], energy_value[t],
                               directions.empty() ? Direction::both : directions[t]);
    }
    return std::isnan(bound) ? nothing : bound;
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
            bound += battery_minimum(problem.batteries[b], problem, multipliers.power_price[t], energy_value[t],
                                     directions.empty() ? Direction::both : directions[b][t]);
        }
    }
    for (std::size_t t = 0; t < problem.steps(); ++t) {
        const double price = multipliers.power_price[t];
        bound += step_h * price * problem.net_load_kw(t);
        const double import_slope = step_h * (prices.import_price[t] - price) + peak_price_at(problem, multipliers, t);
        bound += box_minimum(import_slope, 0, problem.import_limit_kw);
        bound += box_minimum(step_h * (price - prices.export_price[t]), 0, problem.export_limit_kw);
        bound += box_minimum(step_h * price, 0, problem.pv_at(t));
    }
    return std::isnan(bound) ? nothing : bound;
}

}  // namespace sitepower::dispatch
