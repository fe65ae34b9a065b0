#include "daemon/planner/plan_report.hpp"

#include <algorithm>
#include <cmath>

namespace sitepower {
namespace {

using dispatch::PlanStatus;

Time step_begins(const PlanReport& report, std::size_t step) {
    return report.start + static_cast<std::int64_t>(step) * report.step;
}

Json unknown_all(Record record, std::initializer_list<std::string_view> names) {
    for (const auto name : names) record.unknown(name, no_schedule);
    return record.take();
}

Json describe_certificate(const PlanReport& report) {
    if (!report.outage.empty()) {
        Record record;
        record.set("status", dispatch::name_of(report.plan.status));
        return unknown_all(std::move(record),
                           {"objective", "bound", "gap", "power_violation_kw", "energy_violation_kwh",
                            "simultaneous_kw", "iterations", "solve_ms"});
    }
    const auto& certificate = report.plan.certificate;
    return {{"status", dispatch::name_of(report.plan.status)},
            {"objective", certificate.primal_cost},
            {"bound", certificate.dual_cost},
            {"gap", certificate.relative_gap},
            {"power_violation_kw", certificate.power_violation_kw},
            {"energy_violation_kwh", certificate.energy_violation_kwh},
            {"simultaneous_kw", certificate.simultaneous_kw},
            {"iterations", certificate.iterations},
            {"solve_ms", report.solve_ms}};
}

Json describe_shortfall(const PlanReport& report) {
    if (!report.outage.empty()) {
        return unknown_all({}, {"reserve_kwh_h", "worst_reserve_kwh", "import_excess_kwh", "import_excess_kw",
                                "terminal_kwh", "first_step", "recovered_at"});
    }
    const auto& shortfall = report.plan.shortfall;
    const bool none = report.plan.status != PlanStatus::relaxed;
    Record record;
    record.set("reserve_kwh_h", shortfall.reserve_kwh_h);
    record.set("worst_reserve_kwh", shortfall.worst_reserve_kwh);
    record.set("import_excess_kwh", shortfall.import_excess_kwh);
    record.set("import_excess_kw", shortfall.import_excess_kw);
    record.set("terminal_kwh", shortfall.terminal_kwh);
    const auto moment = [&](const std::optional<std::size_t>& step) {
        return step ? std::optional(step_begins(report, *step)) : std::nullopt;
    };
    record.time("first_step", moment(shortfall.first_step), none ? "nothing_is_short" : "terminal_only");
    record.time("recovered_at", moment(shortfall.recovered_at_step),
                none ? "nothing_is_short" : "not_within_the_horizon");
    return record.take();
}

Json describe_batteries(const PlanReport& report, std::size_t step) {
    Json list = Json::array();
    for (std::size_t b = 0; b < report.plan.schedule.batteries.size(); ++b) {
        const auto& moves = report.plan.schedule.batteries[b];
        const auto& reserve = report.problem.batteries[b].reserve_kwh;
        list.push_back({{"battery", report.problem.batteries[b].id},
                        {"charge_kw", moves.charge_kw[step]},
                        {"discharge_kw", moves.discharge_kw[step]},
                        {"stored_kwh", moves.stored_kwh[step]},
                        {"reserve_kwh", reserve.empty() ? 0.0 : reserve[step]},
                        {"reason", report.reasons[b][step]}});
    }
    return list;
}

Json describe_steps(const PlanReport& report) {
    Json list = Json::array();
    const auto& schedule = report.plan.schedule;
    for (std::size_t t = 0; t < schedule.import_kw.size(); ++t) {
        list.push_back({{"time", format_time(step_begins(report, t))},
                        {"import_price_per_mwh", 1000 * report.problem.import_price_per_kwh[t]},
                        {"export_price_per_mwh", 1000 * report.problem.export_price_per_kwh[t]},
                        {"price_known", static_cast<bool>(report.price_known[t])},
                        {"load_kw", report.problem.load_kw[t]},
                        {"pv_kw", report.problem.pv_at(t)},
                        {"import_kw", schedule.import_kw[t]},
                        {"export_kw", schedule.export_kw[t]},
                        {"curtailed_kw", schedule.curtailed_kw[t]},
                        {"batteries", describe_batteries(report, t)}});
    }
    return list;
}

Json describe_present(const PlanReport& report) {
    Json list = Json::array();
    for (std::size_t b = 0; b < report.problem.batteries.size(); ++b) {
        list.push_back({{"battery", report.problem.batteries[b].id},
                        {"charge_pct", report.charge_pct[b]},
                        {"capacity_kwh", report.capacity_kwh[b]}});
    }
    return list;
}

}  // namespace

PlanReport outage_report(const DispatchSettings& settings, const std::string& outage, Time now) {
    PlanReport report;
    report.made = now;
    report.step = settings.step;
    report.start = Time{now.time_since_epoch() / settings.step * settings.step};
    report.currency = settings.currency;
    report.outage = outage;
    report.plan.status = PlanStatus::failed;
    report.plan.reason =
        outage +
        ": the mains count as gone, nothing can be imported, and no schedule is made until they are back";
    return report;
}

std::size_t PlanReport::step_at(Time time) const {
    if (time <= start) return 0;
    const auto steps = problem.steps();
    const auto at = static_cast<std::size_t>((time - start) / step);
    return std::min(at, steps == 0 ? 0 : steps - 1);
}

std::optional<double> PlanReport::import_kw(Time time) const {
    const auto& import = plan.schedule.import_kw;
    return import.empty() ? std::nullopt : std::optional(import[step_at(time)]);
}

bool PlanReport::constraints_satisfied() const {
    return plan.status == PlanStatus::optimal || plan.status == PlanStatus::feasible;
}

double PlanReport::planned_charge_pct(std::size_t battery, Time time) const {
    const auto& stored = plan.schedule.batteries.at(battery).stored_kwh;
    const auto at = step_at(time);
    // Before the plan was made nothing of it was carried out.
    const auto begins = std::max(made, step_begins(*this, at));
    const auto ends = step_begins(*this, at + 1);
    const double before = at == 0 ? charge_pct[battery] * capacity_kwh[battery] / 100 : stored[at - 1];
    const double share =
        ends <= begins
            ? 1.0
            : std::clamp(double((time - begins).count()) / double((ends - begins).count()), 0.0, 1.0);
    return 100 * (before + share * (stored[at] - before)) / capacity_kwh[battery];
}

Json describe_plan(const PlanReport& report, const std::string& trouble, Time now) {
    Record record;
    record.set("status", dispatch::name_of(report.plan.status));
    record.text("reason", report.plan.reason, "optimal_needs_none");
    record.set("made_at", report.made).set("start", report.start);
    record.set("step_min", std::chrono::duration<double, std::ratio<60>>(report.step).count());
    const bool gone = !report.outage.empty();
    record.time("valid_until", gone ? std::nullopt : std::optional(report.valid_until()), no_schedule);
    record.set("is_valid", !gone && now < report.valid_until());
    record.text("trouble", trouble, "the_last_attempt_succeeded");
    record.set("currency", report.currency);
    record.set("constraints_satisfied", report.constraints_satisfied());
    record.set("certificate", describe_certificate(report));
    record.set("shortfall", describe_shortfall(report));
    if (!gone && report.problem.demand) {
        record.set("peak_kw", report.plan.schedule.peak_kw);
        record.set("peak_so_far_kw", report.problem.demand->peak_so_far_kw);
    } else {
        const auto why = gone ? no_schedule : std::string_view("no_demand_charge");
        record.unknown("peak_kw", why).unknown("peak_so_far_kw", why);
    }
    record.text("load_forecast", report.load_method, no_schedule);
    record.text("price_forecast", report.price_method, no_schedule);
    record.set("steps_with_assumed_price", std::ranges::count(report.price_known, false));
    record.set("batteries", describe_present(report));
    record.set("steps", describe_steps(report));
    return record.take();
}

Json describe_plan_briefly(const PlanReport& report) {
    Json first = Json::array();
    if (!report.plan.schedule.import_kw.empty()) first = describe_batteries(report, 0);
    return {{"start", format_time(report.start)},
            {"certificate", describe_certificate(report)},
            {"reason", report.plan.reason},
            {"first_step", std::move(first)}};
}

}  // namespace sitepower
