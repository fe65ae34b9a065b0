// Plans: the battery schedule in force.
#include "daemon/operation/rows/rows.hpp"
#include "daemon/operation/rows/subject.hpp"
#include "daemon/planner/planner_view.hpp"

namespace sitepower {
namespace {

Outcome plan(const Request&, Context& context) {
    auto& planner = context.planner();
    if (planner.settings() == nullptr) {
        return Failure{ErrorCode::insufficient_data,
                       "nothing is planned: add [dispatch] with a battery to the configuration"};
    }
    if (!planner.report()) {
        return Failure{
            ErrorCode::service_unavailable,
            "there is no plan yet: " +
                (planner.trouble().empty() ? std::string("the first is being made") : planner.trouble())};
    }
    return describe_plan(*planner.report(), planner.trouble(), context.now());
}

std::vector<Field> plan_fields() {
    return {
        {"status", "text", "",
         "optimal (proven), feasible (within all limits, the gap is proven), relaxed (reserve or contract "
         "cannot be kept) or failed (a UPS is on battery: there is no schedule)"},
        {"reason", "text", "", "why it is not optimal"},
        {"made_at", "time", "", "when it was made"},
        {"start", "time", "", "of its first step"},
        {"step_min", "number", "min", "length of a step"},
        {"valid_until", "time", "", "it is not to be used beyond"},
        {"is_valid", "boolean", "", "at this moment"},
        {"trouble", "text", "", "why the last attempt gave no newer plan"},
        {"currency", "text", "", "of all money"},
        {"constraints_satisfied", "boolean", "", "every limit holds, by replay"},
        {"certificate.status", "text", "", "what was proven"},
        {"certificate.objective", "number", "currency",
         "cost of energy, wear and what the peak grows beyond that of the month so far, less what is left "
         "stored"},
        {"certificate.bound", "number", "currency", "no schedule is cheaper, by weak duality"},
        {"certificate.gap", "number", "", "between the two, of 1 + cost"},
        {"certificate.power_violation_kw", "number", "kW", "largest, by replay"},
        {"certificate.energy_violation_kwh", "number", "kWh", "largest, by replay"},
        {"certificate.simultaneous_kw", "number", "kW", "largest charge and discharge at once"},
        {"certificate.iterations", "integer", "", "of the solver"},
        {"certificate.solve_ms", "number", "ms", "how long it took"},
        {"shortfall.reserve_kwh_h", "number", "kWh h", "reserve missing over time"},
        {"shortfall.worst_reserve_kwh", "number", "kWh", "missing at one time"},
        {"shortfall.import_excess_kwh", "number", "kWh", "import above the contract"},
        {"shortfall.import_excess_kw", "number", "kW", "the largest"},
        {"shortfall.terminal_kwh", "number", "kWh", "missing at the end"},
        {"shortfall.first_step", "time", "", "in which reserve or contract is broken"},
        {"shortfall.recovered_at", "time", "", "from when the reserve is whole again"},
        {"peak_kw", "number", "kW", "billed, at least that of the month so far"},
        {"peak_so_far_kw", "number", "kW", "of the month, which is paid for already"},
        {"load_forecast", "text", "", "what the load is expected from"},
        {"price_forecast", "text", "", "likewise the import price"},
        {"steps_with_assumed_price", "integer", "", "beyond what is published"},
        {"batteries[].battery", "text", "", "its id"},
        {"batteries[].charge_pct", "number", "%", "when the plan was made"},
        {"batteries[].capacity_kwh", "number", "kWh", "by its health"},
        {"steps[].time", "time", "", "it begins"},
        {"steps[].import_price_per_mwh", "number", "currency/MWh", "what is bought"},
        {"steps[].export_price_per_mwh", "number", "currency/MWh", "what is sold"},
        {"steps[].price_known", "boolean", "", "published; else as on an earlier day"},
        {"steps[].load_kw", "number", "kW", "expected"},
        {"steps[].pv_kw", "number", "kW", "expected"},
        {"steps[].import_kw", "number", "kW", "from the grid"},
        {"steps[].export_kw", "number", "kW", "to the grid"},
        {"steps[].curtailed_kw", "number", "kW", "generation given up"},
        {"steps[].batteries[].battery", "text", "", "its id"},
        {"steps[].batteries[].charge_kw", "number", "kW", "at the AC side"},
        {"steps[].batteries[].discharge_kw", "number", "kW", "at the AC side"},
        {"steps[].batteries[].stored_kwh", "number", "kWh", "at the end of the step"},
        {"steps[].batteries[].reserve_kwh", "number", "kWh", "kept back for an outage"},
        {"steps[].batteries[].reason", "text", "", "why"}};
}

}  // namespace

std::vector<Operation> plan_rows() {
    return {
        {.name = "plan",
         .path = "/api/v1/plan/dispatch",
         .summary = "The battery schedule in force: each step with its reason, and the proof of the whole",
         .result = plan_fields(),
         .errors = {ErrorCode::insufficient_data, ErrorCode::service_unavailable},
         .handler = plan}};
}

}  // namespace sitepower
