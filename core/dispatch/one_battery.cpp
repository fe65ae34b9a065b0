#include "core/dispatch/one_battery.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <queue>

#include "core/dispatch/peak_search.hpp"
#include "core/dispatch/value_functions.hpp"

namespace sitepower::dispatch {
namespace {

// Steps that all chains together may pass, about half a second; beyond it the best schedule found is handed
// out with its true gap.
constexpr std::size_t most_work = 4'000'000;
// Of 1 + |cost|: a branch that could save less is not followed.
constexpr double worth_following = 1e-10;

struct Node {
    double bound;
    std::vector<Direction> directions;
    std::size_t step;                                                        // to branch on
    bool operator<(const Node& other) const { return bound > other.bound; }  // the lowest bound first
};

class Branching {
  public:
    Branching(const Problem& problem, const Window& window)
        : problem_(problem), window_(window), chain_(problem, window) {}

    Solved solve() {
        visit({});
        if (!best_.feasible) {
            best_.infeasible_step = root_infeasible_step_;
            return best_;
        }
        if (!open_.empty() && !has_peak() && solve_exactly()) return best_;
        while (!open_.empty() && best_.iterations * problem_.steps() < most_work) {
            const Node node = open_.top();
            open_.pop();
            if (hopeless(node.bound)) {
                close(node.bound);
                continue;
            }
            for (const Direction direction : {Direction::charge, Direction::discharge}) {
                auto directions = node.directions.empty()
                                      ? std::vector<Direction>(problem_.steps(), Direction::both)
                                      : node.directions;
                directions[node.step] = direction;
                visit(std::move(directions));
            }
        }
        for (; !open_.empty(); open_.pop()) close(open_.top().bound);
        best_.bound = closed_bound_;
        return best_;
    }

  private:
    bool has_peak() const { return problem_.demand && problem_.demand->price_per_kw > 0; }

    // The cost-to-go functions find the optimum and prove it; true where they do.
    bool solve_exactly() {
        const auto solution = solve_by_value_functions(problem_, window_);
        if (!solution) return false;
        keep_if_better(
            {.change_kwh = solution->change_kwh, .import_cap_kw = std::numeric_limits<double>::infinity()});
        best_.bound =
            std::max(open_.top().bound, lower_bound_by_values(problem_, window_, solution->cost_to_go));
        ++best_.iterations;
        return hopeless(best_.bound);
    }

    bool hopeless(double bound) const {
        return best_.feasible && bound >= best_cost_ - worth_following * (1 + std::abs(best_cost_));
    }
    void close(double bound) { closed_bound_ = std::min(closed_bound_, bound); }

    void visit(std::vector<Direction> directions) {
        ++best_.branches;
        Relaxation relaxed = has_peak() ? search_peak(problem_, window_, chain_, directions)
                                        : relax_without_peak(chain_, directions);
        best_.iterations += relaxed.iterations;
        if (!relaxed.feasible) {
            if (best_.branches == 1) root_infeasible_step_ = relaxed.infeasible_step;
            return;
        }
        relaxed.multipliers.peak_price.resize(problem_.steps());
        const double bound = lower_bound_one(problem_, window_, relaxed.multipliers, directions);
        keep_if_better(relaxed);
        std::optional<std::size_t> step;
        if (!hopeless(bound)) step = to_branch_on(relaxed, directions);
        if (best_.branches == 1) best_.multipliers = std::move(relaxed.multipliers);
        if (step) {
            open_.push({bound, std::move(directions), *step});
        } else {
            close(bound);
        }
    }

    // A step whose change mixes charge and discharge. With a demand charge the bound may be loose without
    // one: the mixture then lies between peaks.
    std::optional<std::size_t> to_branch_on(const Relaxation& relaxed,
                                            const std::vector<Direction>& directions) const {
        if (!relaxed.mixed_steps.empty()) return widest(relaxed.mixed_steps);
        if (!has_peak()) return std::nullopt;
        return loosest_step(problem_, relaxed.multipliers, directions, relaxed.change_kwh);
    }

    void keep_if_better(const Relaxation& relaxed) {
        Schedule schedule = settle(problem_, {relaxed.change_kwh}, relaxed.import_cap_kw);
        const double cost = replay(problem_, {window_}, schedule, Allowed::nothing).cost;
        if (best_.feasible && cost >= best_cost_) return;
        best_.feasible = true;
        best_cost_ = cost;
        best_.schedule = std::move(schedule);
    }

    static std::size_t widest(const std::vector<MixedStep>& steps) {
        return std::ranges::max_element(steps, {},
                                        [](const MixedStep& mixed) {
                                            return std::min(mixed.charge_share, 1 - mixed.charge_share) *
                                                   (mixed.charge_kwh - mixed.discharge_kwh);
                                        })
            ->step;
    }

    const Problem& problem_;
    const Window& window_;
    Chain<double> chain_;
    std::priority_queue<Node> open_;
    Solved best_;
    double best_cost_ = 0;
    double closed_bound_ = std::numeric_limits<double>::infinity();
    std::size_t root_infeasible_step_ = 0;
};

}  // namespace

Solved solve_one_battery(const Problem& problem, const Window& window) {
    return Branching(problem, window).solve();
}

}  // namespace sitepower::dispatch
