#include "core/dispatch/planning/running_step.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace sitepower::dispatch {
namespace {

constexpr int most_rounds_in_step = 8;
constexpr double close_kwh = 1e-6;

// What the plan moves in the whole first step, kWh stored.
std::vector<double> moved_kwh(const Problem& problem, const Plan& plan) {
    std::vector<double> moved;
    for (std::size_t b = 0; b < problem.batteries.size(); ++b) {
        const auto& battery = problem.batteries[b];
        const auto& moves = plan.schedule.batteries[b];
        moved.push_back(problem.step_h * (battery.charge_efficiency * moves.charge_kw.front() -
                                          moves.discharge_kw.front() / battery.discharge_efficiency));
    }
    return moved;
}

double furthest(const std::vector<double>& one, const std::vector<double>& other) {
    double most = 0;
    for (std::size_t i = 0; i < one.size(); ++i) most = std::max(most, std::abs(one[i] - other[i]));
    return most;
}

struct Round {
    std::vector<double> supposed_kwh;  // of each battery, to be moved in the whole step
    std::vector<double> found_kwh;
};

// Where a battery is filled or emptied to a limit what is found follows what is supposed along a line: the
// next round is where the line meets it.
std::vector<double> next_of(const Round& before, const Round& last) {
    std::vector<double> next = last.found_kwh;
    for (std::size_t b = 0; b < next.size() && !before.found_kwh.empty(); ++b) {
        const double step = last.supposed_kwh[b] - before.supposed_kwh[b];
        if (std::abs(step) < close_kwh) continue;
        const double slope = (last.found_kwh[b] - before.found_kwh[b]) / step;
        if (slope > 0 && slope < 1)
            next[b] = last.supposed_kwh[b] + (last.found_kwh[b] - last.supposed_kwh[b]) / (1 - slope);
    }
    return next;
}

}  // namespace

Result<Plan> make_plan_within_step(Problem& problem, double left) {
    const double over = 1 - std::clamp(left, 0.0, 1.0);
    if (over == 0 || problem.steps() == 0) return make_plan(problem);
    Problem tried = problem;
    Round before;
    Round last{.supposed_kwh = std::vector<double>(problem.batteries.size()), .found_kwh = {}};
    double least = std::numeric_limits<double>::infinity();
    Result<Plan> closest = Error{ErrorCode::internal_error, "no round was made", ""};
    Problem of_closest = problem;
    for (int round = 0; round < most_rounds_in_step && least > close_kwh; ++round) {
        for (std::size_t b = 0; b < tried.batteries.size(); ++b) {
            tried.batteries[b].stored_kwh = problem.batteries[b].stored_kwh - over * last.supposed_kwh[b];
        }
        auto plan = make_plan(tried);
        const bool is_there = plan && plan->status != PlanStatus::failed;
        if (!is_there && round == 0) return plan;
        if (!is_there) break;
        last.found_kwh = moved_kwh(tried, *plan);
        const double off = furthest(last.found_kwh, last.supposed_kwh);
        if (off < least) {
            least = off;
            closest = std::move(plan);
            of_closest = tried;
        }
        auto next = next_of(before, last);
        before = std::move(last);
        last = {.supposed_kwh = std::move(next), .found_kwh = {}};
    }
    problem = std::move(of_closest);
    return closest;
}

}  // namespace sitepower::dispatch
