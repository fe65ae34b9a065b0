#include "core/dispatch/interior/layout.hpp"

#include <algorithm>
#include <cmath>

namespace sitepower::dispatch {
namespace {

constexpr double no_width = 1e-10;  // scaled: narrower variables are fixed

double most_import_kw(const Problem& problem, std::size_t step) {
    double most = problem.load_kw[step];
    for (const Battery& battery : problem.batteries) most += battery.charge_max_kw;
    return std::min(most, problem.breaker_limit_kw);
}

}  // namespace

double most_peak_kw(const Problem& problem, Elastic elastic) {
    double most = problem.demand ? problem.demand->peak_so_far_kw : 0;
    for (std::size_t t = 0; t < problem.steps(); ++t) {
        if (!problem.in_demand_window(t)) continue;
        const double import_kw = most_import_kw(problem, t);
        most = std::max(most,
                        elastic == Elastic::yes ? import_kw : std::min(import_kw, problem.import_limit_kw));
    }
    return most;
}

Layout::Layout(std::size_t battery_count, bool with_pv, bool with_peak, Elastic with_elastic)
    : rows(1),  // the balance
      batteries(battery_count),
      has_pv(with_pv),
      has_peak(with_peak),
      elastic(with_elastic == Elastic::yes) {
    if (has_peak) {
        peak_row = rows++;
        run_row = rows++;
    }
    energy_row = rows;
    rows += batteries;
    belows = elastic ? 2 : 0;
    import = variables++;
    exported = variables++;
    if (elastic) excess = variables++;
    if (has_pv) curtailed = variables++;
    if (has_peak) {
        peak = variables++;
        rise = variables++;
        slack = variables++;
    }
    charge = variables;
    discharge = charge + batteries;
    energy = discharge + batteries;
    below = energy + batteries;
    variables = below + belows * batteries;
}

Programme::Programme(const Problem& problem, const std::vector<Window>& windows, Elastic elastic,
                     const std::vector<std::vector<Direction>>& directions)
    : layout(problem.batteries.size(), !problem.pv_kw.empty(),
             problem.demand && problem.demand->price_per_kw > 0 &&
                 most_peak_kw(problem, elastic) > problem.demand->peak_so_far_kw,
             elastic),
      steps(problem.steps()),
      cost(steps * layout.variables),
      width(steps * layout.variables, 1.0),
      live(steps * layout.variables),
      right_side(steps * layout.rows),
      in_window(steps),
      step_h(problem.step_h),
      most_peak_kw_(most_peak_kw(problem, elastic)) {
    choose_scales(problem);
    for (const Battery& battery : problem.batteries) {
        charge_factor.push_back(battery.charge_efficiency);
        discharge_factor.push_back(1 / battery.discharge_efficiency);
        kept.push_back(kept_share(battery, step_h));
    }
    for (std::size_t t = 0; t < steps; ++t) {
        set_grid(problem, t);
        if (layout.has_peak) set_peak(problem, t);
        set_batteries(problem, windows, t, directions);
    }
    if (problem.risk) set_border(*problem.risk);
}

// Rows are divided by the number of steps, so that their numbers are those of a step.
void Programme::set_border(const PriceRisk& risk) {
    const std::size_t scenarios = risk.import_price_per_kwh.size();
    const auto count = static_cast<double>(scenarios);
    const auto rows_scale = static_cast<double>(steps);
    border = {.scenarios = scenarios,
              .first_row = right_side.size(),
              .above = cost.size(),
              .below = cost.size() + scenarios,
              .threshold = cost.size() + 2 * scenarios,
              .import_price = std::vector<double>(steps * scenarios),
              .export_price = std::vector<double>(steps * scenarios)};
    double most = 0;  // that a row can be away from zero
    for (std::size_t t = 0; t < steps; ++t) {
        double* step_cost = &cost[t * layout.variables];
        const double* step_width = &width[t * layout.variables];
        step_cost[layout.import] = step_cost[layout.exported] = 0;
        double largest = 0;
        for (std::size_t s = 0; s < scenarios; ++s) {
            const double price = risk.import_price_per_kwh[s][t] / price_scale;
            const double earned = risk.export_price_per_kwh[s][t] / price_scale;
            border.import_price[t * scenarios + s] = price / rows_scale;
            border.export_price[t * scenarios + s] = earned / rows_scale;
            step_cost[layout.import] += (1 - risk.aversion) * price / count;
            step_cost[layout.exported] -= (1 - risk.aversion) * earned / count;
            largest = std::max({largest, std::abs(price) * step_width[layout.import],
                                std::abs(earned) * step_width[layout.exported]});
        }
        if (live[t * layout.variables + layout.import] == 0) step_cost[layout.import] = 0;
        if (live[t * layout.variables + layout.exported] == 0) step_cost[layout.exported] = 0;
        most += largest / rows_scale;
    }
    most = std::max(most, 1e-3);
    const double tail = risk.aversion * rows_scale / ((1 - risk.level) * count);
    for (std::size_t i = 0; i < 2 * scenarios; ++i) {
        cost.push_back(i < scenarios ? tail : 0);
        width.push_back(2 * most);
        live.push_back(1);
    }
    cost.push_back(risk.aversion * rows_scale);
    width.push_back(2 * most);
    live.push_back(1);
    right_side.resize(right_side.size() + scenarios, -most);  // the threshold counts from -most
}

// The prices of the relaxation follow from what a unit of a weightier level can be exchanged for: a kWh of
// terminal energy costs at most the dearest import through the losses, its wear and the peak it makes; a kWh
// above the contract buys at most a kWh of terminal energy; a kWh missing to the reserve for one step is
// bought by a kWh of import through the losses.
void Programme::choose_scales(const Problem& problem) {
    double price = 1e-3;
    for (std::size_t t = 0; t < steps; ++t) {
        price = std::max(
            {price, std::abs(problem.import_price_per_kwh[t]), std::abs(problem.export_price_per_kwh[t])});
        power_scale_kw = std::max({power_scale_kw, problem.load_kw[t], problem.pv_at(t)});
    }
    price_scale = price;
    double losses = 1;
    double wear = 0;
    for (const Battery& battery : problem.batteries) {
        power_scale_kw = std::max({power_scale_kw, battery.charge_max_kw, battery.discharge_max_kw});
        losses = std::max(losses, 1 / (battery.charge_efficiency * battery.discharge_efficiency *
                                       std::pow(kept_share(battery, step_h), static_cast<double>(steps))));
        wear = std::max(wear, battery.wear_per_kwh + std::abs(battery.terminal_value_per_kwh));
    }
    const double peak = problem.demand ? problem.demand->price_per_kw / step_h : 0;
    terminal_price_ = 4 * losses * (2 * price + 2 * wear + peak);
    excess_price_ = 4 * losses * terminal_price_;
    reserve_price_ = 4 * losses * excess_price_ / step_h;
}

void Programme::set(std::size_t step, std::size_t variable, double cost_per_unit, double width_units) {
    const std::size_t v = step * layout.variables + variable;
    if (width_units < no_width) return;
    live[v] = 1;
    cost[v] = cost_per_unit;
    width[v] = width_units;
}

void Programme::set_grid(const Problem& problem, std::size_t step) {
    const double most_kw = most_import_kw(problem, step);
    const double import_price = problem.import_price_per_kwh[step] / price_scale;
    // Limits that cannot bind are drawn in, but not so near that they could take over a multiplier.
    const double contract_kw = std::min(problem.import_limit_kw, 2 * std::max(most_kw, 1.0));
    set(step, layout.import, import_price, contract_kw / power_scale_kw);
    double export_kw = problem.pv_at(step);
    for (const Battery& battery : problem.batteries) export_kw += battery.discharge_max_kw;
    set(step, layout.exported, -problem.export_price_per_kwh[step] / price_scale,
        std::min(problem.export_limit_kw, 2 * std::max(export_kw, 1.0)) / power_scale_kw);
    if (layout.has_pv) set(step, layout.curtailed, 0, problem.pv_at(step) / power_scale_kw);
    if (layout.elastic) {
        set(step, layout.excess, import_price + excess_price_ / price_scale,
            (most_kw - contract_kw) / power_scale_kw);
    }
    right_side[step * layout.rows + layout.balance_row] = problem.net_load_kw(step) / power_scale_kw;
}

void Programme::set_peak(const Problem& problem, std::size_t step) {
    const double so_far = problem.demand->peak_so_far_kw / power_scale_kw;
    const double most = most_peak_kw_ / power_scale_kw;
    in_window[step] = problem.in_demand_window(step) ? 1 : 0;
    set(step, layout.peak, 0, most - so_far);
    set(step, layout.rise, problem.demand->price_per_kw / (step_h * price_scale), most - so_far);
    if (in_window[step] == 0) return;
    set(step, layout.slack, 0, most);
    right_side[step * layout.rows + layout.peak_row] = -so_far;
}

void Programme::set_batteries(const Problem& problem, const std::vector<Window>& windows, std::size_t step,
                              const std::vector<std::vector<Direction>>& directions) {
    for (std::size_t b = 0; b < layout.batteries; ++b) {
        const Battery& battery = problem.batteries[b];
        const Direction direction = directions.empty() ? Direction::both : directions[b][step];
        const double wear = battery.wear_per_kwh / price_scale;
        if (direction != Direction::discharge) {
            set(step, layout.charge + b, wear * charge_factor[b], battery.charge_max_kw / power_scale_kw);
        }
        if (direction != Direction::charge) {
            set(step, layout.discharge + b, wear * discharge_factor[b],
                battery.discharge_max_kw / power_scale_kw);
        }
        set_energy(battery, windows[b], step, b);
    }
}

// The stored energy is its lower end plus the pieces above it.
void Programme::set_energy(const Battery& battery, const Window& window, std::size_t step, std::size_t b) {
    const double scale = energy_scale_kwh();
    const bool last = step + 1 == steps;
    const double value = last ? -battery.terminal_value_per_kwh / price_scale : 0;
    const auto low_of = [&](std::size_t at) {
        return layout.elastic ? window.low_kwh[at] : window.floor_kwh[at];
    };
    const double before_kwh = step == 0 ? battery.stored_kwh : low_of(step - 1);
    double from_kwh = low_of(step);
    right_side[step * layout.rows + layout.energy_row + b] = (kept[b] * before_kwh - from_kwh) / scale;
    if (layout.elastic) {
        const double reserve_kwh = battery.reserve_kwh.empty() ? 0 : battery.reserve_kwh[step];
        const double terminal_kwh = last ? battery.terminal_min_kwh.value_or(0) : 0;
        const double ends[2] = {std::min(reserve_kwh, terminal_kwh), std::max(reserve_kwh, terminal_kwh)};
        for (std::size_t i = 0; i < 2; ++i) {
            const double to_kwh = std::clamp(ends[i], from_kwh, std::max(from_kwh, window.high_kwh[step]));
            const double worth = (reserve_kwh >= ends[i] ? reserve_price_ * step_h : 0.0) +
                                 (terminal_kwh >= ends[i] ? terminal_price_ : 0.0);
            set(step, layout.below + 2 * b + i, value - worth / price_scale, (to_kwh - from_kwh) / scale);
            from_kwh = to_kwh;
        }
    }
    set(step, layout.energy + b, value, (window.high_kwh[step] - from_kwh) / scale);
}

void Programme::apply(const std::vector<double>& x, std::vector<double>& result) const {
    std::vector<double> live_x(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) live_x[i] = live[i] * x[i];
    apply(live_x, result, {0, steps});
}

void Programme::apply_transposed(const std::vector<double>& y, std::vector<double>& result) const {
    apply_transposed(y, result, {0, steps});
    for (std::size_t i = 0; i < result.size(); ++i) result[i] *= live[i];
}

void Programme::apply(const std::vector<double>& x, std::vector<double>& result, StepRange range) const {
    const Layout& l = layout;
    for (std::size_t t = range.begin; t < range.end; ++t) {
        const double* v = &x[t * l.variables];
        const double* before = t > 0 ? v - l.variables : nullptr;
        double* r = &result[t * l.rows];
        const double imported = v[l.import] + (l.elastic ? v[l.excess] : 0);
        double balance = imported - v[l.exported] - (l.has_pv ? v[l.curtailed] : 0);
        for (std::size_t b = 0; b < l.batteries; ++b) {
            const double charge = v[l.charge + b];
            const double discharge = v[l.discharge + b];
            balance += discharge - charge;
            double energy = v[l.energy + b] - charge_factor[b] * charge + discharge_factor[b] * discharge;
            if (before != nullptr) energy -= kept[b] * before[l.energy + b];
            for (std::size_t i = l.below + l.belows * b; i < l.below + l.belows * (b + 1); ++i) {
                energy += v[i];
                if (before != nullptr) energy -= kept[b] * before[i];
            }
            r[l.energy_row + b] = energy;
        }
        r[l.balance_row] = balance;
        if (!l.has_peak) continue;
        r[l.peak_row] = in_window[t] * (v[l.peak] - imported - v[l.slack]);
        r[l.run_row] = v[l.peak] - v[l.rise] - (before != nullptr ? before[l.peak] : 0);
    }
    if (border.scenarios > 0) apply_border(x, result);
}

void Programme::apply_border(const std::vector<double>& x, std::vector<double>& result) const {
    for (std::size_t s = 0; s < border.scenarios; ++s) {
        double sum = x[border.below + s] - x[border.above + s] - x[border.threshold];
        for (std::size_t t = 0; t < steps; ++t) {
            const std::size_t v = t * layout.variables;
            sum += border.import_price[t * border.scenarios + s] * x[v + layout.import] *
                       live[v + layout.import] -
                   border.export_price[t * border.scenarios + s] * x[v + layout.exported] *
                       live[v + layout.exported];
        }
        result[border.first_row + s] = sum;
    }
}

void Programme::apply_border_transposed(const std::vector<double>& y, std::vector<double>& result) const {
    double all = 0;
    for (std::size_t s = 0; s < border.scenarios; ++s) {
        const double row = y[border.first_row + s];
        result[border.above + s] = -row;
        result[border.below + s] = row;
        all += row;
    }
    result[border.threshold] = -all;
    for (std::size_t t = 0; t < steps; ++t) {
        const std::size_t v = t * layout.variables;
        double imported = 0;
        double exported = 0;
        for (std::size_t s = 0; s < border.scenarios; ++s) {
            imported += border.import_price[t * border.scenarios + s] * y[border.first_row + s];
            exported += border.export_price[t * border.scenarios + s] * y[border.first_row + s];
        }
        result[v + layout.import] += imported * live[v + layout.import];
        result[v + layout.exported] -= exported * live[v + layout.exported];
    }
}

void Programme::apply_transposed(const std::vector<double>& y, std::vector<double>& result,
                                 StepRange range) const {
    const Layout& l = layout;
    for (std::size_t t = range.begin; t < range.end; ++t) {
        const double* r = &y[t * l.rows];
        const double* after = t + 1 < steps ? r + l.rows : nullptr;
        double* v = &result[t * l.variables];
        const double price = r[l.balance_row];
        const double counted = l.has_peak ? in_window[t] * r[l.peak_row] : 0;
        v[l.import] = price - counted;
        v[l.exported] = -price;
        if (l.elastic) v[l.excess] = price - counted;
        if (l.has_pv) v[l.curtailed] = -price;
        for (std::size_t b = 0; b < l.batteries; ++b) {
            const double energy = r[l.energy_row + b];
            v[l.charge + b] = -price - charge_factor[b] * energy;
            v[l.discharge + b] = price + discharge_factor[b] * energy;
            const double held = energy - (after != nullptr ? kept[b] * after[l.energy_row + b] : 0);
            v[l.energy + b] = held;
            for (std::size_t i = l.below + l.belows * b; i < l.below + l.belows * (b + 1); ++i) v[i] = held;
        }
        if (l.has_peak) {
            v[l.peak] = counted + r[l.run_row] - (after != nullptr ? after[l.run_row] : 0);
            v[l.rise] = -r[l.run_row];
            v[l.slack] = -counted;
        }
    }
    if (border.scenarios > 0) apply_border_transposed(y, result);
}

}  // namespace sitepower::dispatch
