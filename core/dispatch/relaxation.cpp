#include "core/dispatch/relaxation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/dispatch/chain.hpp"
#include "core/dispatch/several_batteries.hpp"

namespace sitepower::dispatch {
namespace {

constexpr double same_level = 1e-9;  // kWh and kWh h, of 1 + the level itself
constexpr int halvings = 60;

class LexicographicSearch {
  public:
    LexicographicSearch(const Problem& problem, const std::vector<Window>& windows)
        : problem_(problem), windows_(windows), chain_(problem, windows.front()) {}

    RelaxedSchedule solve() {
        if (!visit(no_cap)) return {.infeasible_step = chain_.infeasible_step(), .iterations = iterations_};
        best_ = last_;
        if (problem_.demand && problem_.demand->price_per_kw > 0) lower_peak();
        return {.feasible = true, .schedule = best_.schedule, .iterations = iterations_};
    }

  private:
    struct Point {
        Schedule schedule;
        Replay seen;
    };

    bool visit(double cap_kw) {
        ++iterations_;
        if (!chain_.solve(cap_kw, {})) return false;
        last_.schedule = settle(problem_, {chain_.change_kwh()}, cap_kw);
        last_.seen = replay(problem_, windows_, last_.schedule, Allowed::relaxation);
        return true;
    }
    static bool same(double a, double b) { return a <= b + same_level * (1 + b); }
    // A cap on the peak must not cost anything at a weightier level.
    bool keeps_levels() const {
        return same(last_.seen.reserve_shortfall_kwh_h, best_.seen.reserve_shortfall_kwh_h) &&
               same(last_.seen.import_excess_kwh, best_.seen.import_excess_kwh) &&
               same(last_.seen.terminal_shortfall_kwh, best_.seen.terminal_shortfall_kwh);
    }
    double cost_at(double cap_kw) {
        if (!visit(cap_kw) || !keeps_levels()) return std::numeric_limits<double>::infinity();
        if (last_.seen.cost < best_.seen.cost) best_ = last_;
        return last_.seen.cost;
    }
    // The cost over the cap is convex where the levels are kept, and infinite left of it.
    void lower_peak() {
        double low = problem_.demand->peak_so_far_kw;
        double high = std::max(best_.schedule.peak_kw, low);
        constexpr double golden = 0.6180339887498949;
        double left = high - golden * (high - low);
        double right = low + golden * (high - low);
        double left_cost = cost_at(left);
        double right_cost = cost_at(right);
        for (int i = 0; i < halvings && high - low > 1e-9; ++i) {
            if (left_cost <= right_cost && std::isfinite(left_cost)) {
                high = right;
                right = left;
                right_cost = left_cost;
                left = high - golden * (high - low);
                left_cost = cost_at(left);
            } else {
                low = left;
                left = right;
                left_cost = right_cost;
                right = low + golden * (high - low);
                right_cost = cost_at(right);
            }
        }
    }

    const Problem& problem_;
    const std::vector<Window>& windows_;
    Chain<LexicographicCost> chain_;
    Point last_, best_;
    std::size_t iterations_ = 0;
};

}  // namespace

RelaxedSchedule relax(const Problem& problem, const std::vector<Window>& windows) {
    if (problem.batteries.size() == 1) return LexicographicSearch(problem, windows).solve();
    Solved solved = relax_several_batteries(problem, windows);
    return {
        .feasible = solved.feasible, .schedule = std::move(solved.schedule), .iterations = solved.iterations};
}

}  // namespace sitepower::dispatch
