// Where the variables and rows of the interior point method lie: a block per step, so that the vectors are
// contiguous and the normal equations block tridiagonal. Everything is scaled: kW by a power, currency by a
// price.
#pragma once

#include <cstddef>
#include <vector>

#include "core/dispatch/problem.hpp"
#include "core/dispatch/step_cost.hpp"
#include "core/dispatch/windows.hpp"

namespace sitepower::dispatch {

// What may be broken at a price: nothing, or contract, reserve and terminal minimum.
enum class Elastic : std::uint8_t { no, yes };

struct Layout {
    Layout(std::size_t battery_count, bool with_pv, bool with_peak, Elastic with_elastic);

    // Rows of a step.
    std::size_t balance_row = 0, peak_row = 0, run_row = 0, energy_row = 0, rows = 0;
    // Variables of a step; of those per battery the first one.
    std::size_t import = 0, excess = 0, exported = 0, curtailed = 0, charge = 0, discharge = 0, energy = 0,
                below = 0, peak = 0, rise = 0, slack = 0, variables = 0;
    std::size_t batteries = 0;
    std::size_t belows = 0;  // pieces of stored energy below the floor per battery: 0, or 2
    bool has_pv = false, has_peak = false, elastic = false;
};

// The rows of price scenarios, one each, that couple all steps, and their variables, behind those of the
// steps: the scenario's energy cost - threshold - above + below = 0, with the CVaR's linear form (Rockafellar
// and Uryasev, 2000).
struct RiskBorder {
    std::size_t scenarios = 0;
    std::size_t first_row = 0;
    std::size_t above = 0, below = 0, threshold = 0;  // variables; [scenario] the first two
    std::vector<double> import_price, export_price;   // [step * scenarios + scenario], scaled
};

// Steps begin to end - 1. A programme with a border is passed through in one range: its rows need every step.
struct StepRange {
    std::size_t begin, end;
};

// The linear programme min cost x, A x = right_side, 0 <= x <= width, in scaled units; A is known by
// structure.
struct Programme {
    Programme(const Problem& problem, const std::vector<Window>& windows, Elastic elastic,
              const std::vector<std::vector<Direction>>& directions);

    // A times x, and its transpose times y.
    void apply(const std::vector<double>& x, std::vector<double>& result) const;
    void apply_transposed(const std::vector<double>& y, std::vector<double>& result) const;
    // Of some steps only: their rows of the result, or their variables. Of a variable that is not live x must
    // be zero, and the result says nothing.
    void apply(const std::vector<double>& x, std::vector<double>& result, StepRange range) const;
    void apply_transposed(const std::vector<double>& y, std::vector<double>& result, StepRange range) const;

    Layout layout;
    std::size_t steps;
    std::vector<double> cost, width, live;  // live 0: the variable is fixed at zero and stands in no row
    std::vector<double> right_side;
    std::vector<double> charge_factor, discharge_factor, kept;  // [battery]: of the energy rows
    RiskBorder border;
    std::vector<double> in_window;  // [step]: 1 where the import counts for the peak
    double power_scale_kw = 1, price_scale = 1, step_h = 1;
    double energy_scale_kwh() const { return power_scale_kw * step_h; }
    double money_scale() const { return power_scale_kw * step_h * price_scale; }

  private:
    void apply_border(const std::vector<double>& x, std::vector<double>& result) const;
    void apply_border_transposed(const std::vector<double>& y, std::vector<double>& result) const;
    void set(std::size_t step, std::size_t variable, double cost_per_unit, double width_units);
    void set_grid(const Problem& problem, std::size_t step);
    void set_batteries(const Problem& problem, const std::vector<Window>& windows, std::size_t step,
                       const std::vector<std::vector<Direction>>& directions);
    void set_energy(const Battery& battery, const Window& window, std::size_t step, std::size_t b);
    void set_peak(const Problem& problem, std::size_t step);
    void set_border(const PriceRisk& risk);
    void choose_scales(const Problem& problem);

    double most_peak_kw_ = 0;
    // Prices of what is relaxed, each far above what a lower level can be worth.
    double excess_price_ = 0, terminal_price_ = 0, reserve_price_ = 0;
};

// The largest import that a peak has to cover: nothing is gained by more.
double most_peak_kw(const Problem& problem, Elastic elastic);

}  // namespace sitepower::dispatch
