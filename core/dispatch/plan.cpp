#include "core/dispatch/plan.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/dispatch/check.hpp"
#include "core/dispatch/one_battery.hpp"
#include "core/dispatch/relaxation.hpp"
#include "core/dispatch/several_batteries.hpp"
#include "core/dispatch/windows.hpp"

namespace sitepower::dispatch {
namespace {

constexpr double least_shortfall = 1e-6;  // kWh and kW: less is rounding

std::string step_text(std::size_t step) {
    return "step " + std::to_string(step);
}

void fill_certificate(const Replay& seen, double bound, Certificate& certificate) {
    certificate.primal_cost = seen.cost;
    certificate.dual_cost = bound;
    certificate.relative_gap = std::max(seen.cost - bound, 0.0) / (1 + std::abs(seen.cost));
    certificate.power_violation_kw = seen.power_violation_kw;
    certificate.energy_violation_kwh = seen.energy_violation_kwh;
    certificate.simultaneous_kw = seen.simultaneous_kw;
}

bool within_limits(const Certificate& certificate) {
    return certificate.power_violation_kw <= tolerated_violation &&
           certificate.energy_violation_kwh <= tolerated_violation &&
           certificate.simultaneous_kw <= tolerated_violation;
}

// A cost below its own lower bound proves a mistake in one of the two, and no plan.
bool consistent(const Certificate& certificate) {
    return certificate.primal_cost >= certificate.dual_cost - 1e-9 * (1 + std::abs(certificate.primal_cost));
}

Plan judged(const Problem& problem, const std::vector<Window>& windows, Solved solved) {
    Plan plan{.schedule = std::move(solved.schedule), .multipliers = std::move(solved.multipliers)};
    plan.certificate.iterations = solved.iterations;
    plan.certificate.branches = solved.branches;
    fill_certificate(replay(problem, windows, plan.schedule, Allowed::nothing), solved.bound,
                     plan.certificate);
    if (!within_limits(plan.certificate) || !consistent(plan.certificate)) {
        plan.status = PlanStatus::failed;
        plan.reason = "the schedule found does not stand up to its replay";
        plan.schedule = {};
    } else if (plan.certificate.relative_gap <= optimal_gap) {
        plan.status = PlanStatus::optimal;
    } else {
        plan.status = PlanStatus::feasible;
        plan.reason = "stopped before optimality was proven; the gap is stated";
    }
    return plan;
}

// Where and how long the reserve is short, over all batteries.
void measure_reserve(const Problem& problem, const Schedule& schedule, Shortfall& shortfall) {
    for (std::size_t t = 0; t < problem.steps(); ++t) {
        double missing_kwh = 0;
        for (std::size_t b = 0; b < problem.batteries.size(); ++b) {
            const auto& reserve = problem.batteries[b].reserve_kwh;
            if (reserve.empty()) continue;
            missing_kwh += std::max(reserve[t] - schedule.batteries[b].stored_kwh[t], 0.0);
        }
        if (missing_kwh > least_shortfall) {
            shortfall.worst_reserve_kwh = std::max(shortfall.worst_reserve_kwh, missing_kwh);
            if (!shortfall.first_step) shortfall.first_step = t;
            shortfall.recovered_at_step.reset();
        } else if (shortfall.worst_reserve_kwh > 0 && !shortfall.recovered_at_step) {
            shortfall.recovered_at_step = t;
        }
    }
}

void measure_import(const Problem& problem, const Schedule& schedule, Shortfall& shortfall) {
    for (std::size_t t = 0; t < problem.steps(); ++t) {
        const double excess_kw = schedule.import_kw[t] - problem.import_limit_kw;
        if (excess_kw <= least_shortfall) continue;
        shortfall.import_excess_kw = std::max(shortfall.import_excess_kw, excess_kw);
        shortfall.first_step = std::min(shortfall.first_step.value_or(t), t);
    }
}

std::string relaxed_reason(const Shortfall& shortfall) {
    if (shortfall.worst_reserve_kwh > 0) {
        return "the backup reserve cannot be kept from " + step_text(shortfall.first_step.value_or(0)) +
               " on" +
               (shortfall.recovered_at_step
                    ? "; it is whole again at " + step_text(*shortfall.recovered_at_step)
                    : "; it is not whole again before the end");
    }
    if (shortfall.import_excess_kw > 0) {
        return "the contracted import is exceeded from " + step_text(shortfall.first_step.value_or(0)) +
               " on";
    }
    return "the terminal minimum cannot be reached";
}

// The relaxation that breaks nothing is a schedule like any other.
bool breaks_nothing(const Shortfall& shortfall) {
    return shortfall.worst_reserve_kwh == 0 && shortfall.import_excess_kw == 0 &&
           shortfall.terminal_kwh <= least_shortfall;
}

Plan relaxed(const Problem& problem, const std::vector<Window>& windows, std::size_t infeasible_step,
             double bound) {
    RelaxedSchedule found = relax(problem, windows);
    Plan plan{.schedule = std::move(found.schedule)};
    plan.certificate.iterations = found.iterations;
    if (!found.feasible) {
        plan.schedule = {};
        plan.reason =
            "no schedule keeps window, powers, breaker and balance at " + step_text(found.infeasible_step);
        return plan;
    }
    const Replay seen = replay(problem, windows, plan.schedule, Allowed::relaxation);
    fill_certificate(seen, -std::numeric_limits<double>::infinity(), plan.certificate);
    if (!within_limits(plan.certificate)) {
        plan.schedule = {};
        plan.reason =
            "the limits that are never relaxed cannot be kept from " + step_text(infeasible_step) + " on";
        return plan;
    }
    plan.status = PlanStatus::relaxed;
    plan.shortfall = {.reserve_kwh_h = seen.reserve_shortfall_kwh_h,
                      .import_excess_kwh = seen.import_excess_kwh,
                      .terminal_kwh = seen.terminal_shortfall_kwh};
    measure_reserve(problem, plan.schedule, plan.shortfall);
    measure_import(problem, plan.schedule, plan.shortfall);
    if (breaks_nothing(plan.shortfall)) {
        return judged(problem, windows,
                      {.schedule = std::move(plan.schedule), .bound = bound, .iterations = found.iterations});
    }
    plan.reason = relaxed_reason(plan.shortfall);
    return plan;
}

}  // namespace

const char* name_of(PlanStatus status) {
    switch (status) {
        case PlanStatus::optimal:
            return "optimal";
        case PlanStatus::feasible:
            return "feasible";
        case PlanStatus::relaxed:
            return "relaxed";
        case PlanStatus::failed:
            break;
    }
    return "failed";
}

Result<Plan> make_plan(const Problem& problem) {
    if (auto ok = check(problem); !ok) return ok.error();
    const std::vector<Window> windows = windows_of(problem);
    const bool alone = problem.batteries.size() == 1 && !problem.risk;
    Solved solved =
        alone ? solve_one_battery(problem, windows.front()) : solve_several_batteries(problem, windows);
    if (!solved.feasible) return relaxed(problem, windows, solved.infeasible_step, solved.bound);
    return judged(problem, windows, std::move(solved));
}

}  // namespace sitepower::dispatch
