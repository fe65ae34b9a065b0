#include "core/dispatch/several_batteries.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <queue>

#include "core/dispatch/interior/mehrotra.hpp"

namespace sitepower::dispatch {
namespace {

using Directions = std::vector<std::vector<Direction>>;  // [battery][step], or empty

constexpr std::size_t most_iterations = 80;
// Steps times batteries that all iterations together may pass before branching ends, about two seconds.
constexpr std::size_t most_work = 4'000'000;
constexpr double judged_below_gap = 1e-5;  // of the method's own gap: earlier proposals are not worth judging
constexpr double judged_below_residual = 1e-6;
constexpr double tolerated_kw = 1e-7;  // violation of a limit that a proposal may have
constexpr double both_kw = 1e-6;       // charge and discharge at once, beyond which a step is branched on
constexpr double minus_infinity = -std::numeric_limits<double>::infinity();

struct Branch {
    bool feasible = false;
    Schedule schedule;
    double cost = std::numeric_limits<double>::infinity();
    double bound = minus_infinity;
    Multipliers multipliers;
    std::size_t iterations = 0;
    std::vector<double> last_x;
    bool balanced = false;  // the last point keeps its rows: where it does not, there is probably no schedule
};

double held_units(const Layout& layout, const double* x, const double* live, std::size_t battery) {
    double held = x[layout.energy + battery] * live[layout.energy + battery];
    for (std::size_t i = layout.below + layout.belows * battery;
         i < layout.below + layout.belows * (battery + 1); ++i) {
        held += x[i] * live[i];
    }
    return held;
}

// A proposal's stored energies, followed as far as the powers allow and load and grid take what is
// discharged: a proposal may burn energy that is worth nothing in a battery's losses, a schedule may not.
class Follower {
  public:
    Follower(const Problem& problem, const std::vector<Window>& windows, const Programme& programme,
             const Directions& directions)
        : problem_(problem), windows_(windows), programme_(programme), directions_(directions) {
        for (const Battery& battery : problem.batteries) {
            factors_.emplace_back(battery, problem.step_h);
            stored_kwh_.push_back(battery.stored_kwh);
        }
    }

    Schedule follow(const std::vector<double>& x) {
        const Layout& layout = programme_.layout;
        std::vector<std::vector<double>> change(layout.batteries, std::vector<double>(programme_.steps));
        for (std::size_t t = 0; t < programme_.steps; ++t) {
            double charged_kw = 0;
            double discharged_kw = 0;
            for (std::size_t b = 0; b < layout.batteries; ++b) {
                change[b][t] = wanted_change(x, t, b);
                const double power_kw = factors_[b].power_kw(change[b][t]);
                (power_kw > 0 ? charged_kw : discharged_kw) += std::abs(power_kw);
            }
            const double taken_kw = charged_kw + problem_.load_kw[t] + problem_.export_limit_kw;
            for (std::size_t b = 0; b < layout.batteries; ++b) {
                if (discharged_kw > taken_kw && change[b][t] < 0) change[b][t] *= taken_kw / discharged_kw;
                stored_kwh_[b] = factors_[b].kept * stored_kwh_[b] + change[b][t];
            }
        }
        return settle(problem_, change, cap_kw(x));
    }

  private:
    double wanted_change(const std::vector<double>& x, std::size_t t, std::size_t b) const {
        const Layout& layout = programme_.layout;
        const std::size_t at = t * layout.variables;
        const Window& window = windows_[b];
        const double low = layout.elastic ? window.low_kwh[t] : window.floor_kwh[t];
        const double held =
            held_units(layout, &x[at], &programme_.live[at], b) * programme_.energy_scale_kwh();
        const double wanted_kwh = std::clamp(low + held, low, std::max(low, window.high_kwh[t]));
        const Direction direction = directions_.empty() ? Direction::both : directions_[b][t];
        const BatteryFactors& factors = factors_[b];
        const double most = direction == Direction::discharge ? 0 : factors.change_kwh(factors.charge_max_kw);
        const double least =
            direction == Direction::charge ? 0 : factors.change_kwh(-factors.discharge_max_kw);
        return std::clamp(wanted_kwh - factors.kept * stored_kwh_[b], least, most);
    }
    double cap_kw(const std::vector<double>& x) const {
        const Layout& layout = programme_.layout;
        if (!layout.has_peak) return std::numeric_limits<double>::infinity();
        return problem_.demand->peak_so_far_kw +
               x[(programme_.steps - 1) * layout.variables + layout.peak] * programme_.power_scale_kw;
    }

    const Problem& problem_;
    const std::vector<Window>& windows_;
    const Programme& programme_;
    const Directions& directions_;
    std::vector<BatteryFactors> factors_;
    std::vector<double> stored_kwh_;
};

// The rows' multipliers as weights of the scenarios: within their limits, and together 1.
std::vector<double> weights_of(const Programme& programme, const std::vector<double>& y,
                               const PriceRisk& risk) {
    const auto scenarios = static_cast<double>(programme.border.scenarios);
    const double least = (1 - risk.aversion) / scenarios;
    const double most = least + risk.aversion / ((1 - risk.level) * scenarios);
    std::vector<double> weights;
    double sum = 0;
    for (std::size_t s = 0; s < programme.border.scenarios; ++s) {
        const double tail = -y[programme.border.first_row + s] / static_cast<double>(programme.steps);
        weights.push_back(std::clamp(least + tail, least, most));
        sum += weights.back();
    }
    // What is too much or too little is taken in proportion to the room that each has.
    const double off = 1 - sum;
    double room = 0;
    for (const double weight : weights) room += off > 0 ? most - weight : weight - least;
    for (double& weight : weights) {
        if (room > 0) weight += off * (off > 0 ? most - weight : weight - least) / room;
    }
    return weights;
}

Multipliers multipliers_of(const Programme& programme, const std::vector<double>& y, double peak_price) {
    const Layout& layout = programme.layout;
    Multipliers result{.power_price = std::vector<double>(programme.steps),
                       .energy_value = {layout.batteries, std::vector<double>(programme.steps)},
                       .peak_price = std::vector<double>(programme.steps)};
    double sum = 0;
    for (std::size_t t = 0; t < programme.steps; ++t) {
        const double* row = &y[t * layout.rows];
        result.power_price[t] = row[layout.balance_row] * programme.price_scale;
        for (std::size_t b = 0; b < layout.batteries; ++b) {
            result.energy_value[b][t] = row[layout.energy_row + b] * programme.price_scale;
        }
        if (!layout.has_peak) continue;
        result.peak_price[t] = programme.in_window[t] * std::max(row[layout.peak_row], 0.0) *
                               programme.price_scale * programme.step_h;
        sum += result.peak_price[t];
    }
    // Together they are the demand charge at most, and exactly that where the peak is above the one so far.
    if (sum > peak_price && sum > 0) {
        for (double& price : result.peak_price) price *= peak_price / sum;
    }
    return result;
}

class Judge {
  public:
    Judge(const Problem& problem, const std::vector<Window>& windows, const Programme& programme,
          const Directions& directions)
        : problem_(problem), windows_(windows), programme_(programme), directions_(directions) {}

    void judge(const Mehrotra& method, Branch& best) const {
        const bool elastic = programme_.layout.elastic;
        Schedule schedule = Follower(problem_, windows_, programme_, directions_).follow(method.x());
        const Replay seen =
            replay(problem_, windows_, schedule, elastic ? Allowed::relaxation : Allowed::nothing);
        const bool fits =
            seen.power_violation_kw <= tolerated_kw && seen.energy_violation_kwh <= tolerated_kw;
        if (fits && (elastic || seen.cost < best.cost)) {
            best.feasible = true;
            best.cost = seen.cost;
            best.schedule = std::move(schedule);
        }
        if (elastic) return;
        auto multipliers =
            multipliers_of(programme_, method.y(), problem_.demand ? problem_.demand->price_per_kw : 0.0);
        if (problem_.risk) multipliers.scenario_weight = weights_of(programme_, method.y(), *problem_.risk);
        const double bound = lower_bound(problem_, windows_, multipliers, directions_);
        if (bound > best.bound) {
            best.bound = bound;
            best.multipliers = std::move(multipliers);
        }
    }

  private:
    const Problem& problem_;
    const std::vector<Window>& windows_;
    const Programme& programme_;
    const Directions& directions_;
};

Branch solve_branch(const Problem& problem, const std::vector<Window>& windows, Elastic elastic,
                    const Directions& directions) {
    const Programme programme(problem, windows, elastic, directions);
    const double goal = elastic == Elastic::yes ? 1e-13 : several_gap;
    Mehrotra method(programme);
    const Judge judge(problem, windows, programme, directions);
    Branch best;
    while (best.iterations < most_iterations) {
        ++best.iterations;
        const bool moved = method.step();
        const bool near =
            method.relative_gap() < judged_below_gap && method.primal_residual() < judged_below_residual;
        if (near || !moved) judge.judge(method, best);
        if (!moved) break;
        const bool proven = best.feasible && best.cost - best.bound <= goal * (1 + std::abs(best.cost));
        if (elastic == Elastic::yes ? method.relative_gap() < goal : proven) break;
    }
    best.last_x = method.x();
    best.balanced = method.primal_residual() < judged_below_residual;
    return best;
}

struct Node {
    double bound;
    Directions directions;
    std::size_t battery, step;
    bool operator<(const Node& other) const { return bound > other.bound; }
};

class Branching {
  public:
    Branching(const Problem& problem, const std::vector<Window>& windows)
        : problem_(problem), windows_(windows) {}

    Solved solve() {
        visit({});
        while (!open_.empty() &&
               best_.iterations * problem_.steps() * problem_.batteries.size() < most_work) {
            const Node node = open_.top();
            open_.pop();
            if (hopeless(node.bound)) {
                closed_bound_ = std::min(closed_bound_, node.bound);
                continue;
            }
            for (const Direction direction : {Direction::charge, Direction::discharge}) {
                Directions directions = node.directions;
                if (directions.empty()) {
                    directions.assign(problem_.batteries.size(),
                                      std::vector<Direction>(problem_.steps(), Direction::both));
                }
                directions[node.battery][node.step] = direction;
                visit(std::move(directions));
            }
        }
        for (; !open_.empty(); open_.pop()) closed_bound_ = std::min(closed_bound_, open_.top().bound);
        best_.bound = closed_bound_;
        return best_;
    }

  private:
    bool hopeless(double bound) const {
        return best_.feasible && bound >= best_cost_ - several_gap * (1 + std::abs(best_cost_));
    }

    void visit(Directions directions) {
        ++best_.branches;
        Branch branch = solve_branch(problem_, windows_, Elastic::no, directions);
        best_.iterations += branch.iterations;
        if (branch.feasible && (!best_.feasible || branch.cost < best_cost_)) {
            best_.feasible = true;
            best_cost_ = branch.cost;
            best_.schedule = branch.schedule;
        }
        if (best_.branches == 1) best_.multipliers = branch.multipliers;
        Node node{branch.bound, std::move(directions), 0, 0};
        const bool no_schedule = best_.branches == 1 && !branch.feasible && !branch.balanced;
        if (no_schedule || hopeless(branch.bound) || !widest(branch, node)) {
            closed_bound_ = std::min(closed_bound_, branch.bound);
        } else {
            open_.push(std::move(node));
        }
    }

    // The step in which a proposal charges and discharges most at once.
    bool widest(const Branch& branch, Node& node) const {
        const Programme programme(problem_, windows_, Elastic::no, node.directions);
        double most_kw = both_kw;
        for (std::size_t t = 0; t < problem_.steps(); ++t) {
            for (std::size_t b = 0; b < problem_.batteries.size(); ++b) {
                const std::size_t c = t * programme.layout.variables + programme.layout.charge + b;
                const std::size_t d = t * programme.layout.variables + programme.layout.discharge + b;
                if (programme.live[c] == 0 || programme.live[d] == 0) continue;
                const double both = std::min(branch.last_x[c], branch.last_x[d]) * programme.power_scale_kw;
                if (both <= most_kw) continue;
                most_kw = both;
                node.battery = b;
                node.step = t;
            }
        }
        return most_kw > both_kw;
    }

    const Problem& problem_;
    const std::vector<Window>& windows_;
    std::priority_queue<Node> open_;
    Solved best_;
    double best_cost_ = 0;
    double closed_bound_ = std::numeric_limits<double>::infinity();
};

}  // namespace

Solved solve_several_batteries(const Problem& problem, const std::vector<Window>& windows) {
    return Branching(problem, windows).solve();
}

Solved relax_several_batteries(const Problem& problem, const std::vector<Window>& windows) {
    Branch branch = solve_branch(problem, windows, Elastic::yes, {});
    return {.feasible = branch.feasible,
            .schedule = std::move(branch.schedule),
            .bound = minus_infinity,
            .iterations = branch.iterations,
            .branches = 1};
}

}  // namespace sitepower::dispatch
