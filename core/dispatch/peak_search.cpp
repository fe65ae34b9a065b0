#include "core/dispatch/peak_search.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/dispatch/least_peak.hpp"
#include "core/dispatch/schedule.hpp"

namespace sitepower::dispatch {
namespace {

constexpr double same_kw = 1e-9;
constexpr std::size_t most_cuts = 1000;
// Of 1 + |cost|: two values of the cost that differ by less are the same.
constexpr double same_cost = 1e-13;

// One chain: the cost at a peak, and the line through it that no other peak's cost is below.
struct Cut {
    double peak_kw = 0;
    double cost = 0;
    double slope = 0;
    std::vector<double> change_kwh;
    std::vector<MixedStep> mixed_steps;
    std::vector<double> energy_value;
    std::vector<double> peak_price;
};

class PeakSearch {
  public:
    PeakSearch(const Problem& problem, Chain<double>& chain, const std::vector<Direction>& directions)
        : problem_(problem),
          chain_(chain),
          directions_(directions),
          factors_(problem.batteries.front(), problem.step_h) {}

    bool cut(double cap_kw, Cut& result) {
        ++iterations;
        if (!chain_.solve(cap_kw, directions_)) return false;
        result.peak_kw = cap_kw;
        result.change_kwh = chain_.change_kwh();
        result.mixed_steps = chain_.mixed_steps();
        result.energy_value = chain_.energy_values();
        result.peak_price.assign(problem_.steps(), 0.0);
        result.cost = cost_of(result, cap_kw);
        if (cap_kw == no_cap) return true;
        const double price = problem_.demand->price_per_kw;
        result.cost += price * (cap_kw - problem_.demand->peak_so_far_kw);
        result.slope = price - price_peak(result, cap_kw);
        return true;
    }

    double largest_import_kw(const Cut& cut) const {
        double largest = 0;
        for (std::size_t t = 0; t < problem_.steps(); ++t) {
            if (problem_.in_demand_window(t))
                largest = std::max(largest, import_kw(t, cut.change_kwh[t], no_cap));
        }
        for (const auto& mixed : cut.mixed_steps) {
            if (!problem_.in_demand_window(mixed.step)) continue;
            largest = std::max({largest, import_kw(mixed.step, mixed.charge_kwh, no_cap),
                                import_kw(mixed.step, mixed.discharge_kwh, no_cap)});
        }
        return largest;
    }

    std::size_t iterations = 0;

  private:
    GridFlow flow(std::size_t t, double change_kwh, double cap_kw) const {
        return cover(problem_, t, problem_.net_load_kw(t) + factors_.power_kw(change_kwh), cap_kw);
    }
    double import_kw(std::size_t t, double change_kwh, double cap_kw) const {
        return flow(t, change_kwh, cap_kw).import_kw;
    }
    double step_cost_of(std::size_t t, double change_kwh, double cap_kw) const {
        const GridFlow grid = flow(t, change_kwh, cap_kw);
        return problem_.step_h * (problem_.import_price_per_kwh[t] * grid.import_kw -
                                  problem_.export_price_per_kwh[t] * grid.export_kw) +
               factors_.wear * std::abs(change_kwh);
    }

    // Of the relaxation: a mixed step costs the mixture of its two ends.
    double cost_of(const Cut& cut, double cap_kw) const {
        double cost = -problem_.batteries.front().terminal_value_per_kwh * chain_.stored_kwh().back();
        auto mixed = cut.mixed_steps.begin();
        for (std::size_t t = 0; t < problem_.steps(); ++t) {
            if (mixed != cut.mixed_steps.end() && mixed->step == t) {
                cost += mixed->charge_share * step_cost_of(t, mixed->charge_kwh, cap_kw) +
                        (1 - mixed->charge_share) * step_cost_of(t, mixed->discharge_kwh, cap_kw);
                ++mixed;
            } else {
                cost += step_cost_of(t, cut.change_kwh[t], cap_kw);
            }
        }
        return cost;
    }

    // What one more kW of peak would save: the sum over the steps that import at the cap.
    double price_peak(Cut& cut, double cap_kw) const {
        double sum = 0;
        auto mixed = cut.mixed_steps.begin();
        for (std::size_t t = 0; t < problem_.steps(); ++t) {
            const bool is_mixed = mixed != cut.mixed_steps.end() && mixed->step == t;
            if (problem_.in_demand_window(t) && cap_kw < problem_.import_limit_kw) {
                const double value = cut.energy_value[t];
                cut.peak_price[t] =
                    is_mixed ? mixed->charge_share * saving(t, mixed->charge_kwh, value, cap_kw) +
                                   (1 - mixed->charge_share) * saving(t, mixed->discharge_kwh, value, cap_kw)
                             : saving(t, cut.change_kwh[t], value, cap_kw);
                sum += cut.peak_price[t];
            }
            if (is_mixed) ++mixed;
        }
        return sum;
    }

    // Of one more kW of import in a step: it charges, or spares a discharge, or replaces PV that costs money.
    double saving(std::size_t t, double change_kwh, double energy_value, double cap_kw) const {
        const GridFlow grid = flow(t, change_kwh, cap_kw);
        if (grid.import_kw < cap_kw - same_kw) return 0;
        const double power_kw = factors_.power_kw(change_kwh);
        const bool may_charge = directions_.empty() || directions_[t] != Direction::discharge;
        double worth = problem_.import_price_per_kwh[t];
        if (power_kw < -same_kw) {
            worth = std::max(worth, -(energy_value - factors_.wear) / factors_.discharge_slope);
        } else if (may_charge && power_kw < factors_.charge_max_kw - same_kw) {
            worth = std::max(worth, -(energy_value + factors_.wear) / factors_.charge_slope);
        }
        if (grid.curtailed_kw < problem_.pv_at(t) - same_kw) worth = std::max(worth, 0.0);
        return problem_.step_h * (worth - problem_.import_price_per_kwh[t]);
    }

    const Problem& problem_;
    Chain<double>& chain_;
    const std::vector<Direction>& directions_;
    BatteryFactors factors_;
};

Relaxation as_relaxation(const Cut& cut, std::size_t iterations) {
    Relaxation result{.feasible = true,
                      .change_kwh = cut.change_kwh,
                      .import_cap_kw = cut.peak_kw,
                      .mixed_steps = cut.mixed_steps,
                      .iterations = iterations};
    result.multipliers.energy_value = {cut.energy_value};
    result.multipliers.peak_price = cut.peak_price;
    return result;
}

void add(std::vector<double>& to, double own_factor, const std::vector<double>& other, double factor) {
    for (std::size_t t = 0; t < to.size(); ++t) to[t] = own_factor * to[t] + factor * other[t];
}

// At the least feasible peak any line may be tilted by the ray that proves it the least.
Relaxation at_least_peak(const Cut& cut, const LeastPeak& least, std::size_t iterations) {
    Relaxation result = as_relaxation(cut, iterations);
    if (least.forced && cut.slope > 0 && least.price_sum > 0) {
        const double factor = cut.slope / least.price_sum;
        add(result.multipliers.energy_value.front(), 1, least.energy_value, factor);
        add(result.multipliers.peak_price, 1, least.peak_price, factor);
    }
    return result;
}

// Both lines together prove the lowest point between them.
Relaxation between(const Cut& best, const Cut& left, const Cut& right, std::size_t iterations) {
    Relaxation result = as_relaxation(best, iterations);
    const double share = right.slope / (right.slope - left.slope);
    result.multipliers.energy_value.front() = left.energy_value;
    result.multipliers.peak_price = left.peak_price;
    add(result.multipliers.energy_value.front(), share, right.energy_value, 1 - share);
    add(result.multipliers.peak_price, share, right.peak_price, 1 - share);
    return result;
}

}  // namespace

Relaxation relax_without_peak(Chain<double>& chain, const std::vector<Direction>& directions) {
    Relaxation result{.import_cap_kw = no_cap, .iterations = 1};
    result.feasible = chain.solve(no_cap, directions);
    result.infeasible_step = chain.infeasible_step();
    if (!result.feasible) return result;
    result.change_kwh = chain.change_kwh();
    result.mixed_steps = chain.mixed_steps();
    result.multipliers.energy_value = {chain.energy_values()};
    return result;
}

Relaxation search_peak(const Problem& problem, const Window& window, Chain<double>& chain,
                       const std::vector<Direction>& directions) {
    PeakSearch search(problem, chain, directions);
    Cut right;
    Cut left;
    if (!search.cut(no_cap, right)) return {.infeasible_step = chain.infeasible_step(), .iterations = 1};
    const auto least = least_peak(problem, window, directions);
    if (!least || !search.cut(least->peak_kw, left)) return {.infeasible_step = chain.infeasible_step()};
    if (left.slope >= 0) return at_least_peak(left, *least, search.iterations);
    // Beyond the largest import of the schedule without a cap nothing but the charge itself rises.
    const double price = problem.demand->price_per_kw;
    right.peak_kw = std::max(search.largest_import_kw(right), least->peak_kw);
    right.cost += price * (right.peak_kw - problem.demand->peak_so_far_kw);
    right.slope = price;
    const Cut* best = right.cost <= left.cost ? &right : &left;
    Cut middle;
    while (search.iterations < most_cuts && right.slope > 0) {
        const double lift = left.cost - right.cost + right.slope * (right.peak_kw - left.peak_kw);
        const double peak_kw =
            std::clamp(left.peak_kw + lift / (right.slope - left.slope), left.peak_kw, right.peak_kw);
        const double lowest = std::max(left.cost + left.slope * (peak_kw - left.peak_kw),
                                       right.cost + right.slope * (peak_kw - right.peak_kw));
        if (best->cost - lowest <= same_cost * (1 + std::abs(best->cost))) break;
        if (!search.cut(peak_kw, middle)) break;
        const bool settled = middle.cost - lowest <= same_cost * (1 + std::abs(middle.cost));
        Cut& replaced = middle.slope < 0 ? left : right;
        if (settled) {
            Relaxation result = between(middle, left, right, search.iterations);
            return result;
        }
        std::swap(replaced, middle);
        best = right.cost <= left.cost ? &right : &left;
    }
    if (right.slope <= 0) return as_relaxation(right, search.iterations);
    return between(*best, left, right, search.iterations);
}

}  // namespace sitepower::dispatch
