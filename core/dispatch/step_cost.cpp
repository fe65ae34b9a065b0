#include "core/dispatch/step_cost.hpp"

#include <algorithm>
#include <cmath>

namespace sitepower::dispatch {
namespace {

// A residual load that misses the grid's limits by rounding only is within them.
constexpr double rounding_kw = 1e-9;

template <class Slope>
void insert_sorted(GridCost<Slope>& grid, const Slope& slope, double width_kw) {
    if (width_kw <= 0) return;
    std::size_t i = grid.size++;
    for (; i > 0 && slope < grid.pieces[i - 1].slope; --i) grid.pieces[i] = grid.pieces[i - 1];
    grid.pieces[i] = {slope, width_kw};
}

// Lower convex envelope: neighbours out of order are pooled into their mean.
template <class Slope>
void pool(StepCost<Slope>& cost) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < cost.size; ++i) {
        auto piece = cost.pieces[i];
        while (kept > 0 && piece.slope < cost.pieces[kept - 1].slope) {
            const auto& last = cost.pieces[kept - 1];
            const double width = last.width_kwh + piece.width_kwh;
            piece = {last.slope * (last.width_kwh / width) + piece.slope * (piece.width_kwh / width), width,
                     true};
            --kept;
        }
        cost.pieces[kept++] = piece;
    }
    cost.size = kept;
}

template <class Slope>
void append(StepCost<Slope>& cost, const Slope& slope, double width_kwh) {
    if (width_kwh <= 0) return;
    if (cost.size > 0 && slope < cost.pieces[cost.size - 1].slope) cost.convex = false;
    cost.pieces[cost.size++] = {slope, width_kwh, false};
}

}  // namespace

template <class Slope>
GridCost<Slope> grid_cost(const Problem& problem, std::size_t step, double import_cap_kw) {
    const double pv_kw = problem.pv_at(step);
    const double contract_kw = std::min(problem.import_limit_kw, import_cap_kw);
    GridCost<Slope> grid{.least_kw = -problem.export_limit_kw - pv_kw};
    const double import_price = problem.import_price_per_kwh[step];
    insert_sorted(grid, from_money<Slope>(problem.export_price_per_kwh[step]), problem.export_limit_kw);
    insert_sorted(grid, from_money<Slope>(0.0), pv_kw);
    insert_sorted(grid, from_money<Slope>(import_price), contract_kw);
    if constexpr (!std::is_same_v<Slope, double>) {
        // As far as anything could ever draw; a breaker without a stated limit is wide, not infinite.
        double most_kw = problem.load_kw[step];
        for (const Battery& battery : problem.batteries) most_kw += battery.charge_max_kw;
        most_kw = std::min({std::max(most_kw, contract_kw), problem.breaker_limit_kw, import_cap_kw});
        insert_sorted(grid, Slope{.excess_kwh = 1, .money = import_price}, most_kw - contract_kw);
    }
    return grid;
}

template <class Slope>
StepCost<Slope> step_cost(const BatteryFactors& battery, const GridCost<Slope>& grid, double net_load_kw,
                          Direction direction) {
    StepCost<Slope> cost;
    double top_kw = grid.least_kw - net_load_kw;  // in battery power
    for (std::size_t i = 0; i < grid.size; ++i) top_kw += grid.pieces[i].width_kw;
    double high_kw = std::min(direction == Direction::discharge ? 0.0 : battery.charge_max_kw, top_kw);
    const double low_kw = std::max(direction == Direction::charge ? 0.0 : -battery.discharge_max_kw,
                                   grid.least_kw - net_load_kw);
    if (high_kw < low_kw) {
        cost.feasible = low_kw - high_kw <= rounding_kw;
        high_kw = low_kw;
    }
    cost.most_kwh = battery.change_kwh(high_kw);
    cost.least_kwh = battery.change_kwh(low_kw);
    for (std::size_t i = grid.size; i-- > 0 && top_kw > low_kw;) {
        const auto& piece = grid.pieces[i];
        const double from_kw = std::min(top_kw, high_kw);
        top_kw -= piece.width_kw;
        const double to_kw = std::max(top_kw, low_kw);
        // The last piece ends at the lowest power, whatever rounding left of it.
        if (from_kw > 0) {
            append(cost, piece.slope * -battery.charge_slope + from_money<Slope>(-battery.wear),
                   (from_kw - std::max(to_kw, 0.0)) * battery.stored_per_kw);
        }
        if (to_kw < 0) {
            append(cost, piece.slope * -battery.discharge_slope + from_money<Slope>(battery.wear),
                   (std::min(from_kw, 0.0) - to_kw) * battery.taken_per_kw);
        }
    }
    if (!cost.convex) pool(cost);
    return cost;
}

template GridCost<double> grid_cost(const Problem&, std::size_t, double);
template GridCost<LexicographicCost> grid_cost(const Problem&, std::size_t, double);
template StepCost<double> step_cost(const BatteryFactors&, const GridCost<double>&, double, Direction);
template StepCost<LexicographicCost> step_cost(const BatteryFactors&, const GridCost<LexicographicCost>&,
                                               double, Direction);

}  // namespace sitepower::dispatch
