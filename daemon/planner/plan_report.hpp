// A plan as it is told: what was known when it was made, the schedule with its proof, a reason for each step.
// Plain value; made on the planner's worker, kept and told on the loop thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/dispatch/plan.hpp"
#include "daemon/operation/json.hpp"
#include "daemon/planner/settings.hpp"

namespace sitepower {

// Why a figure of a schedule is null: there is none while the mains are gone.
inline constexpr std::string_view no_schedule = "no_schedule";

struct PlanReport {
    Time made{};
    Time start{};  // of the first step
    Duration step{};
    std::string currency;
    dispatch::Problem problem;  // stored_kwh as if the first step had gone by the plan since its begin
    dispatch::Plan plan;
    std::vector<std::vector<std::string>> reasons;  // [battery][step]
    std::vector<bool> price_known;                  // of each step
    std::string load_method;
    std::string price_method;
    std::vector<double> charge_pct;    // of each battery when it was made
    std::vector<double> capacity_kwh;  // likewise
    double solve_ms = 0;               // the schedule alone
    // Why the mains count as gone, or why there is still no plan since they are back; then there is no
    // schedule, and the status is failed. Empty: there is one.
    std::string outage;

    // A plan is used at most two steps beyond the one that it was made in.
    Time valid_until() const { return start + 3 * step; }
    // `time` is within those steps, or at most one before.
    bool is_in_force(Time time) const { return time < valid_until() && time >= start - step; }
    // The step that `time` lies in; the last one beyond the end.
    std::size_t step_at(Time time) const;
    // By the plan, at `time`; nullopt: there is no schedule.
    std::optional<double> import_kw(Time time) const;
    bool constraints_satisfied() const;
    // What the battery should hold at `time` by the plan, in % of its capacity.
    double planned_charge_pct(std::size_t battery, Time time) const;
};

// What stands in for a plan while the mains are gone: no schedule, and why.
PlanReport outage_report(const DispatchSettings& settings, const std::string& outage, Time now);

// The plan whole, for the operation and the topic. `trouble`: why the last attempt gave none; empty: it did.
Json describe_plan(const PlanReport& report, const std::string& trouble, Time now);
// What the store keeps of it.
Json describe_plan_briefly(const PlanReport& report);

}  // namespace sitepower
