// Devices that follow plans: what they do, and carrying out the plan in force at once.
#include <algorithm>
#include <cmath>
#include <utility>

#include "daemon/operation/rows/rows.hpp"
#include "daemon/operation/rows/subject.hpp"

namespace sitepower {
namespace {

// Where the device's own limits are not asked: as dispatch::ControlLimits has them.
constexpr double tolerance_share = 0.1;
constexpr double least_tolerance_kw = 1;

bool is_verified(const ControlStatus& status) {
    if (status.state != dispatch::ControlState::controlling || !status.setpoint_kw || !status.measured_kw ||
        status.trouble != dispatch::ControlTrouble::none)
        return false;
    const double slack_kw = std::max(tolerance_share * std::abs(*status.setpoint_kw), least_tolerance_kw);
    const double off_kw = *status.measured_kw - *status.setpoint_kw;
    return off_kw <= slack_kw && (status.subject == ControlSubject::load_class || off_kw >= -slack_kw);
}

Json describe(const ControlStatus& status) {
    Record record;
    record.set("id", status.id);
    record.set("kind", status.subject == ControlSubject::battery ? "battery" : "load_class");
    record.set("device_id", status.device_id).set("state", to_string(status.state));
    record.maybe("planned_kw", status.wanted_kw, "nothing_planned");
    record.maybe("setpoint_kw", status.setpoint_kw, "not_under_control");
    record.maybe("measured_kw", status.measured_kw, "not_known");
    record.set("effect_verified", is_verified(status));
    record.set("trouble", to_string(status.trouble)).set("handed_back", status.is_failed);
    record.text("trouble_reason", status.reason, "no_trouble");
    return record.take();
}

Json describe_all(const ControlView& control) {
    Json all = Json::array();
    for (const auto& status : control.controlled()) all.push_back(describe(status));
    return all;
}

Outcome control(const Request&, Context& context) {
    return Json{{"devices", describe_all(context.control())}};
}

std::optional<double> warmest_battery_c(const SiteView& site) {
    std::optional<double> warmest;
    for (const auto& battery : site.batteries()) {
        if (battery.temperature_c.value)
            warmest = std::max(warmest.value_or(*battery.temperature_c.value), *battery.temperature_c.value);
    }
    return warmest;
}

// Of what loads and their cooling draw, the loads' share.
std::optional<double> efficiency(double load_kw, double cooling_kw) {
    return load_kw > 0 ? std::optional(load_kw / (load_kw + cooling_kw)) : std::nullopt;
}

std::string_view why_no_load(const PlanReport& plan, const std::optional<AllocationReport>& allocated) {
    if (!plan.outage.empty()) return "mains_failed";
    return allocated ? "nothing_allocated" : "no_load_class";
}

Json system_state(const PlanReport& plan, const std::optional<AllocationReport>& allocated,
                  const SiteView& site) {
    Json soc = Json::object();
    for (std::size_t b = 0; b < plan.problem.batteries.size(); ++b)
        soc[plan.problem.batteries[b].id] = plan.charge_pct[b];
    Record record;
    record.set("soc", std::move(soc));
    const bool has_supply = allocated && allocated->allocation.supply_kw > 0;
    record.maybe("utilization",
                 has_supply ? std::optional(allocated->allocation.used_kw / allocated->allocation.supply_kw)
                            : std::nullopt,
                 why_no_load(plan, allocated));
    record.maybe("temperature_c", warmest_battery_c(site), "no_battery_temperature_is_measured");
    record.maybe("efficiency",
                 allocated ? efficiency(allocated->load_kw(), allocated->cooling_kw()) : std::nullopt,
                 why_no_load(plan, allocated));
    return record.take();
}

Json cooling_requirements(const PlanReport& plan, const std::optional<AllocationReport>& allocated) {
    double cooled_kw = 0;
    for (std::size_t i = 0; allocated && i < allocated->allocation.awards.size(); ++i) {
        if (allocated->cop[i]) cooled_kw += allocated->allocation.awards[i].load_kw();
    }
    Record record;
    const auto cooling_kw = allocated ? std::optional(allocated->cooling_kw()) : std::nullopt;
    record.maybe("cooling_kw", cooling_kw, why_no_load(plan, allocated));
    record.maybe("cop", cooling_kw && *cooling_kw > 0 ? std::optional(cooled_kw / *cooling_kw) : std::nullopt,
                 "nothing_cooled");
    record.maybe("efficiency", cooling_kw ? efficiency(cooled_kw, *cooling_kw) : std::nullopt,
                 "nothing_cooled");
    return record.take();
}

Outcome execute(const Request& request, Context& context) {
    auto& planner = context.planner();
    if (planner.settings() == nullptr) {
        return Failure{ErrorCode::insufficient_data,
                       "nothing is planned: add [dispatch] with a battery to the configuration"};
    }
    const auto now = context.now();
    const auto& plan = planner.report();
    if (!plan || now >= plan->valid_until()) {
        return Failure{ErrorCode::service_unavailable,
                       "there is no plan to carry out: " +
                           (planner.trouble().empty() ? std::string("it is being made") : planner.trouble())};
    }
    auto& controlled = context.control();
    if (controlled.controlled().empty()) {
        return Failure{
            ErrorCode::conflict,
            "no device follows the plan: it is advice until a battery or load class has control in "
            "the configuration"};
    }
    const bool simulate = *request.parameters.flag("simulate");
    if (!simulate) controlled.act(now);
    const auto& allocated = planner.allocation();
    Json allocation = Json::object();
    if (allocated) {
        for (std::size_t i = 0; i < allocated->auction.bidders.size(); ++i) {
            const auto& award = allocated->allocation.awards[i];
            allocation[allocated->auction.bidders[i].id] = award.load_kw();
        }
    }
    return Json{{"status", simulate ? "simulated" : "executed"},
                {"payload",
                 {{"allocation", std::move(allocation)},
                  {"power_requirements", describe_power_requirements(*plan, allocated, now)},
                  {"constraints_satisfied",
                   plan->constraints_satisfied() && (!allocated || allocated->constraints_satisfied())},
                  {"system_state", system_state(*plan, allocated, context.site())}}},
                {"cooling_requirements", cooling_requirements(*plan, allocated)},
                {"devices", describe_all(controlled)}};
}

std::vector<Field> device_fields() {
    return {{"devices[].id", "text", "", "the battery or load class"},
            {"devices[].kind", "text", "", "battery or load_class"},
            {"devices[].device_id", "text", "", "that is written to"},
            {"devices[].state", "text", "",
             "released (under its own control), preparing, controlling, releasing, suspended (after a fault) "
             "or mains_failed"},
            {"devices[].planned_kw", "number", "kW", "for now, within import and reserve; charging positive"},
            {"devices[].setpoint_kw", "number", "kW", "written and read back"},
            {"devices[].measured_kw", "number", "kW", "what the device does"},
            {"devices[].effect_verified", "boolean", "", "the measured power is that of the setpoint"},
            {"devices[].trouble", "text", "",
             "none, lags, saturates, not_written, ignores, lies or unseen (its power is not known)"},
            {"devices[].handed_back", "boolean", "", "for that trouble"},
            {"devices[].trouble_reason", "text", "", "how it was found out"}};
}

std::vector<Field> execute_fields() {
    std::vector<Field> fields{
        {"status", "text", "", "executed or simulated"},
        {"payload.allocation.*", "number", "kW", "by load class"},
        {"payload.power_requirements.total", "number", "kW", "import"},
        {"payload.power_requirements.cooling", "number", "kW", "of the classes"},
        {"payload.power_requirements.battery", "number", "kW", "charging positive"},
        {"payload.constraints_satisfied", "boolean", "", "limits, reserves and entitlements"},
        {"payload.system_state.soc.*", "number", "%", "by battery, when the plan was made"},
        {"payload.system_state.utilization", "number", "", "used share of the auction's supply"},
        {"payload.system_state.temperature_c", "number", "Cel", "of the warmest battery"},
        {"payload.system_state.efficiency", "number", "",
         "of what the classes and their cooling draw, the classes' share"},
        {"cooling_requirements.cooling_kw", "number", "kW", "of the classes"},
        {"cooling_requirements.cop", "number", "", "of all that are cooled together"},
        {"cooling_requirements.efficiency", "number", "", "of what they and the cooling draw, their share"}};
    auto devices = device_fields();
    std::ranges::move(devices, std::back_inserter(fields));
    return fields;
}

}  // namespace

std::vector<Operation> control_rows() {
    return {
        {.name = "control",
         .path = "/api/v1/dispatch/control",
         .summary = "The devices that follow the plan: setpoints, what came of them, trouble",
         .result = device_fields(),
         .handler = control},
        {.name = "dispatch.execute",
         .method = Method::post,
         .path = "/api/v1/dispatch/execute",
         .role = Role::admin,
         .summary = "Carry the plan in force into the devices under control at once, and say how they stand",
         .parameters = {{.name = "simulate",
                         .type = ParameterType::boolean,
                         .help = "only say what would be carried out",
                         .fallback = "false"}},
         .result = execute_fields(),
         .errors = {ErrorCode::insufficient_data, ErrorCode::conflict, ErrorCode::service_unavailable},
         .handler = execute}};
}

}  // namespace sitepower
