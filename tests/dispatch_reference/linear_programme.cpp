#include "tests/dispatch_reference/linear_programme.hpp"

#include <algorithm>
#include <chrono>
#include <limits>

#ifdef SITEPOWER_HAS_CLP
#include <coin/Clp_C_Interface.h>
#endif

namespace sitepower::dispatch {

#ifdef SITEPOWER_HAS_CLP
namespace {

constexpr double unlimited = std::numeric_limits<double>::max();  // as CLP spells it

// Columns in the order in which they are added; rows: balance, energies, peak of each step.
class Columns {
  public:
    void add(double cost, double least, double most,
             std::initializer_list<std::pair<std::size_t, double>> entries) {
        cost_.push_back(cost);
        least_.push_back(least);
        most_.push_back(most);
        for (const auto& [row, value] : entries) {
            if (row == none || value == 0) continue;
            rows_.push_back(static_cast<int>(row));
            values_.push_back(value);
        }
        starts_.push_back(static_cast<int>(rows_.size()));
    }
    void load(Clp_Simplex* model, const std::vector<double>& row_least,
              const std::vector<double>& row_most) const {
        Clp_loadProblem(model, static_cast<int>(cost_.size()), static_cast<int>(row_least.size()),
                        starts_.data(), rows_.data(), values_.data(), least_.data(), most_.data(),
                        cost_.data(), row_least.data(), row_most.data());
    }
    // An entry of the column added last.
    void extend(std::size_t row, double value) {
        rows_.push_back(static_cast<int>(row));
        values_.push_back(value);
        starts_.back() = static_cast<int>(rows_.size());
    }
    static constexpr std::size_t none = std::numeric_limits<std::size_t>::max();

  private:
    std::vector<double> cost_, least_, most_, values_;
    std::vector<int> rows_, starts_{0};
};

class Model {
  public:
    Model(const Problem& problem, const std::vector<std::vector<Direction>>& directions)
        : problem_(problem), directions_(directions), batteries_(problem.batteries.size()) {
        const std::size_t per_step = 1 + batteries_ + (problem.demand ? 1 : 0);
        row_least_.assign(problem.steps() * per_step, 0.0);
        row_most_ = row_least_;
        for (std::size_t t = 0; t < problem.steps(); ++t) {
            row_least_[balance(t)] = row_most_[balance(t)] = problem.net_load_kw(t);
            if (problem.demand) row_most_[peak(t)] = unlimited;
            add_step(t);
        }
        if (problem.demand) {
            columns_.add(problem.demand->price_per_kw, problem.demand->peak_so_far_kw, unlimited, {});
            for (std::size_t t = 0; t < problem.steps(); ++t) columns_.extend(peak(t), 1);
            constant_ = -problem.demand->price_per_kw * problem.demand->peak_so_far_kw;
        }
    }
    void load(Clp_Simplex* model) const { columns_.load(model, row_least_, row_most_); }
    double constant() const { return constant_; }

  private:
    std::size_t balance(std::size_t t) const { return t * (1 + batteries_ + (problem_.demand ? 1 : 0)); }
    std::size_t energy(std::size_t t, std::size_t b) const { return balance(t) + 1 + b; }
    std::size_t peak(std::size_t t) const { return balance(t) + 1 + batteries_; }

    void add_step(std::size_t t) {
        const double h = problem_.step_h;
        const std::size_t counted = problem_.in_demand_window(t) ? peak(t) : Columns::none;
        columns_.add(h * problem_.import_price_per_kwh[t], 0, problem_.import_limit_kw,
                     {{balance(t), 1}, {counted, -1}});
        columns_.add(-h * problem_.export_price_per_kwh[t], 0, problem_.export_limit_kw, {{balance(t), -1}});
        columns_.add(0, 0, problem_.pv_at(t), {{balance(t), -1}});
        for (std::size_t b = 0; b < batteries_; ++b) add_battery(t, b);
    }
    void add_battery(std::size_t t, std::size_t b) {
        const Battery& battery = problem_.batteries[b];
        const double h = problem_.step_h;
        const double kept = kept_share(battery, h);
        const Direction way = directions_.empty() ? Direction::both : directions_[b][t];
        const bool last = t + 1 == problem_.steps();
        columns_.add(battery.wear_per_kwh * h * battery.charge_efficiency, 0,
                     way == Direction::discharge ? 0 : battery.charge_max_kw,
                     {{balance(t), -1}, {energy(t, b), -h * battery.charge_efficiency}});
        columns_.add(battery.wear_per_kwh * h / battery.discharge_efficiency, 0,
                     way == Direction::charge ? 0 : battery.discharge_max_kw,
                     {{balance(t), 1}, {energy(t, b), h / battery.discharge_efficiency}});
        double least =
            std::max(battery.stored_min_kwh, battery.reserve_kwh.empty() ? 0 : battery.reserve_kwh[t]);
        if (last) least = std::max(least, battery.terminal_min_kwh.value_or(0));
        impossible_ = impossible_ || least > battery.stored_max_kwh;
        columns_.add(last ? -battery.terminal_value_per_kwh : 0, least,
                     std::max(least, battery.stored_max_kwh),
                     {{energy(t, b), 1}, {last ? Columns::none : energy(t + 1, b), -kept}});
        if (t == 0) row_least_[energy(0, b)] = row_most_[energy(0, b)] = kept * battery.stored_kwh;
    }

  public:
    bool impossible() const { return impossible_; }

  private:
    const Problem& problem_;
    const std::vector<std::vector<Direction>>& directions_;
    std::size_t batteries_;
    Columns columns_;
    std::vector<double> row_least_, row_most_;
    double constant_ = 0;
    bool impossible_ = false;
};

}  // namespace

bool has_reference_solver() {
    return true;
}

std::optional<ReferenceOptimum> solve_by_reference(const Problem& problem,
                                                   const std::vector<std::vector<Direction>>& directions) {
    const Model model(problem, directions);
    if (model.impossible()) return ReferenceOptimum{};
    Clp_Simplex* simplex = Clp_newModel();
    Clp_setLogLevel(simplex, 0);
    model.load(simplex);
    Clp_setPrimalTolerance(simplex, 1e-9);
    Clp_setDualTolerance(simplex, 1e-9);
    const auto start = std::chrono::steady_clock::now();
    // Without presolve: that of CLP 1.17 leaks memory, which the sanitizers would report as ours.
    Clp_dual(simplex, 0);
    if (Clp_status(simplex) > 1) Clp_primal(simplex, 0);
    const std::chrono::duration<double, std::micro> elapsed = std::chrono::steady_clock::now() - start;
    const int status = Clp_status(simplex);
    const double cost = Clp_getObjValue(simplex) + model.constant();
    Clp_deleteModel(simplex);
    if (status != 0 && status != 1) return std::nullopt;
    return ReferenceOptimum{status == 0, cost, elapsed.count()};
}

#else

bool has_reference_solver() {
    return false;
}

std::optional<ReferenceOptimum> solve_by_reference(const Problem&,
                                                   const std::vector<std::vector<Direction>>&) {
    return std::nullopt;
}

#endif

}  // namespace sitepower::dispatch
