// The daemon itself: is it well, is it ready, how is each part, what does the site have in store.
#include <fmt/format.h>

#include <algorithm>

#include "daemon/operation/component.hpp"
#include "daemon/operation/rows/rows.hpp"
#include "daemon/operation/rows/subject.hpp"
#include "daemon/planner/planner_view.hpp"

namespace sitepower {
namespace {

constexpr std::string_view no_planner = "no_dispatch_configured";

Outcome health(const Request&, Context& context) {
    const auto system = context.system();
    const auto components = components_of(system, context.site());
    Json statuses = Json::object();
    for (const auto& component : components) {
        statuses[component.name] = {{"status", to_string(component.status)}};
    }
    return Json{{"status", to_string(overall_status(system, context.site(), components))},
                {"version", SITEPOWER_VERSION},
                {"environment", system.environment},
                {"service", "sitepowerd"},
                {"components", std::move(statuses)}};
}

Outcome ready(const Request&, Context& context) {
    const auto system = context.system();
    if (system.ready) return Json{{"status", "ready"}};
    return Failure{ErrorCode::service_unavailable,
                   "sitepowerd is not ready: " +
                       (system.not_ready_reason.empty() ? std::string("starting") : system.not_ready_reason)};
}

Json describe(const Component& component) {
    Record record;
    record.set("status", to_string(component.status)).because("status", component.reason);
    record.maybe("latency_ms", component.latency_ms, "none_yet");
    record.maybe("error_rate", component.error_rate, "no_requests_yet");
    record.time("last_success", component.last_success, "none_yet");
    return record.take();
}

// A part that a later version brings: its fields are there, its numbers are not.
Json describe_absent(std::string_view reason) {
    Record record;
    record.set("status", to_string(ComponentStatus::off)).because("status", reason);
    record.unknown("latency_ms", reason).unknown("error_rate", reason).unknown("last_success", reason);
    return record.take();
}

Json describe_planner(const PlannerView& planner) {
    if (planner.settings() == nullptr) return describe_absent(no_planner);
    Record record;
    const bool failed = !planner.trouble().empty();
    const bool gone = planner.report() && !planner.report()->outage.empty();
    const bool any = planner.report() && !gone;
    const auto none = gone ? no_schedule : std::string_view("no_plan_yet");
    const auto status = !failed ? ComponentStatus::ok
                        : any   ? ComponentStatus::degraded
                                : ComponentStatus::down;
    record.set("status", to_string(status))
        .because("status", gone ? planner.report()->outage : planner.trouble());
    record.maybe("latency_ms", any ? std::optional(planner.report()->solve_ms) : std::nullopt, none);
    const auto attempts = static_cast<double>(planner.attempts());
    record.maybe(
        "error_rate",
        attempts > 0 ? std::optional(static_cast<double>(planner.failures()) / attempts) : std::nullopt,
        "no_plan_yet");
    record.time("last_success", any ? std::optional(planner.report()->made) : std::nullopt, none);
    return record.take();
}

Json describe_forecaster(const ForecasterView& forecaster) {
    if (forecaster.series == 0) return describe_absent("no_series_configured");
    constexpr std::string_view no_turn = "no_turn_yet";
    Record record;
    const auto status = forecaster.reason.empty() ? ComponentStatus::ok : ComponentStatus::degraded;
    record.set("status", to_string(status)).because("status", forecaster.reason);
    record.maybe("latency_ms", forecaster.latency_ms, no_turn);
    const auto asked = static_cast<double>(forecaster.turns + forecaster.refused);
    record.maybe("error_rate",
                 asked > 0 ? std::optional(static_cast<double>(forecaster.refused) / asked) : std::nullopt,
                 no_turn);
    return record.time("last_success", forecaster.last_success, no_turn).take();
}

Json describe_scaling(const ScalingView& scaling) {
    const auto groups = scaling.groups();
    if (groups.empty()) return describe_absent("nothing_scaled");
    constexpr std::string_view none = "nothing_decided_yet";
    std::string trouble;
    for (const auto& group : groups) {
        if (group.status == ScalingStatus::degraded)
            trouble += (trouble.empty() ? "" : "; ") + group.id + ": " + group.reason;
    }
    double settled = 0;
    double failed = 0;
    std::optional<Time> last;
    for (const auto& [group, decision] : scaling.decisions()) {
        if (decision.state == dispatch::ScalingState::pending) continue;
        ++settled;
        if (decision.state == dispatch::ScalingState::failed) ++failed;
        if (decision.executed) last = std::max(last.value_or(*decision.executed), *decision.executed);
    }
    Record record;
    record.set("status", to_string(trouble.empty() ? ComponentStatus::ok : ComponentStatus::degraded));
    record.because("status", trouble).unknown("latency_ms", "not_measured");
    record.maybe("error_rate", settled > 0 ? std::optional(failed / settled) : std::nullopt, none);
    return record.time("last_success", last, none).take();
}

// total_kw: what the plan draws from the grid now.
Json describe_last_plan(const PlannerView& planner, Time now) {
    Record record;
    if (!planner.report() || !planner.report()->outage.empty()) {
        const auto reason = planner.settings() == nullptr ? no_planner
                            : planner.report()            ? no_schedule
                                                          : std::string_view("no_plan_yet");
        record.unknown("time", reason).unknown("solve_ms", reason).unknown("total_kw", reason);
        return record.unknown("constraints_satisfied", reason).take();
    }
    const auto& report = *planner.report();
    record.set("time", report.made).set("solve_ms", report.solve_ms);
    record.set("total_kw", report.plan.schedule.import_kw[report.step_at(now)]);
    return record.set("constraints_satisfied", report.constraints_satisfied()).take();
}

// Of the series that is the oldest.
Json describe_prices(Context& context) {
    Record record;
    const auto& book = context.prices();
    std::optional<Time> oldest;
    bool all = true;
    for (const auto& entry : book.entries()) {
        all = all && entry.updated;
        if (entry.updated && (!oldest || *entry.updated < *oldest)) oldest = entry.updated;
    }
    const auto stale = book.why_stale(context.now());
    record.set("available", !book.entries().empty() && stale.empty()).because("available", stale);
    if (!oldest || !all) {
        return record.unknown("age_s", book.entries().empty() ? "no_price_source" : "not_read_yet").take();
    }
    return record
        .set("age_s", std::chrono::duration_cast<std::chrono::seconds>(context.now() - *oldest).count())
        .take();
}

Json describe(const std::vector<HealthFactor>& factors) {
    Json list = Json::array();
    for (const auto& factor : factors) {
        list.push_back({{"name", factor.name},
                        {"weight", factor.weight},
                        {"score", factor.score},
                        {"detail", factor.detail}});
    }
    return list;
}

Json describe_devices(const SiteView& site) {
    const auto states = site.devices();
    const auto online = std::ranges::count(states, DeviceStatus::online, &DeviceState::status);
    return {{"total", states.size()}, {"online", online}};
}

// Why the site is not well although the daemon is; empty when it is.
std::string site_trouble(std::size_t criticals, const std::vector<std::string>& on_battery) {
    std::string text;
    if (criticals > 0) {
        text = fmt::format("{} critical alert{} open", criticals, criticals == 1 ? " is" : "s are");
    }
    if (!on_battery.empty()) {
        text += fmt::format("{}{} run{} from the batteries", text.empty() ? "" : ", ",
                            fmt::join(on_battery, ", "), on_battery.size() == 1 ? "s" : "");
    }
    return text;
}

std::uint64_t missed_polls(const SystemView& system) {
    std::uint64_t missed = 0;
    for (const auto& bus : system.buses) missed += bus.counters.missed_polls;
    return missed;
}

Outcome system_status(const Request&, Context& context) {
    const auto system = context.system();
    const auto& site = context.site();
    const auto components = components_of(system, site);
    const auto factors = health_factors(system, site, components);
    Json parts = Json::object();
    for (const auto& component : components) parts[component.name] = describe(component);
    parts["forecaster"] = describe_forecaster(system.forecaster);
    parts["planner"] = describe_planner(context.planner());
    parts["scaling"] = describe_scaling(context.scaling());

    Record record;
    const auto criticals = announced_alerts(site, Severity::critical);
    record.set("status", to_string(site_status(overall_status(system, site, components), site)));
    const auto on_battery = upses_on_battery(site);
    record.because("status", site_trouble(criticals, on_battery));
    record.maybe("overall_health_score", health_score(factors), "no_factors");
    record.set("health_factors", describe(factors));
    record.set("site", site.model().id).set("version", SITEPOWER_VERSION);
    record.set("uptime_s",
               std::chrono::duration_cast<std::chrono::seconds>(context.now() - system.started_at).count());
    record.set("components", std::move(parts));
    record.set("prices", describe_prices(context));
    record.set("last_plan", describe_last_plan(context.planner(), context.now()));
    record.set("devices", describe_devices(site)).set("active_alerts", site.open_alerts().size());
    record.set("critical_alerts", criticals).set("on_battery", on_battery);
    record.set("live_clients", system.live_clients).set("missed_polls", missed_polls(system));
    record.set("outbox", system.store.outbox).set("requests_per_minute", system.requests_per_minute);
    return record.take();
}

// The loads of all UPSs together; unknown as soon as one is.
Measurement used_power(const SiteView& site) {
    Measurement sum;
    if (site.upses().empty()) {
        sum.reason = "no_ups";
        return sum;
    }
    double total_kw = 0;
    for (const auto& ups : site.upses()) {
        if (!ups.load_kw.value) return ups.load_kw;
        total_kw += *ups.load_kw.value;
    }
    sum.value = total_kw;
    return sum;
}

// What the UPSs say of themselves; nullopt when one of them does not.
std::optional<double> rated_kw(const SiteView& site) {
    double total_kw = 0;
    for (const auto& ups : site.model().upses) {
        const auto& points = site.model().devices[position(ups.device)].points;
        const auto found = std::ranges::find(points, "nominal.power_kw", &PointModel::name);
        if (found == points.end()) return std::nullopt;
        const auto& latest = site.latest(ups.device)[static_cast<std::size_t>(found - points.begin())];
        if (latest.quality != Quality::good) return std::nullopt;
        total_kw += latest.value;
    }
    return total_kw > 0 ? std::optional(total_kw) : std::nullopt;
}

Json describe_power(const SiteView& site) {
    constexpr std::string_view no_rating = "no_nominal_power_from_every_ups";
    const auto total_kw = rated_kw(site);
    const auto used = used_power(site);
    const auto of_both = [&](auto of) {
        return total_kw && used.value ? std::optional<double>(of(*total_kw, *used.value)) : std::nullopt;
    };
    const auto reason = total_kw ? used.reason : no_rating;
    Record record;
    record.maybe("total_kw", total_kw, no_rating);
    record.maybe("available_kw", of_both([](double total, double used_kw) { return total - used_kw; }),
                 reason);
    record.measured("used_kw", used);
    return record
        .maybe("utilization", of_both([](double total, double used_kw) { return used_kw / total; }), reason)
        .take();
}

Json describe_bank(const SiteView& site, const StringState& state) {
    const auto& string = site.model().strings[position(state.string)];
    const double energy_kwh = string.nominal_voltage_v * string.nominal_capacity_ah *
                              static_cast<double>(string.batteries.size()) / 1000;
    Record record;
    record.set("id", string.id).estimated("soc", state.soc_pct);
    record.maybe("soc_sigma", state.soc_pct.value ? std::optional(state.soc_pct.sigma) : std::nullopt,
                 state.soc_pct.reason);
    record.maybe("capacity_kwh", energy_kwh > 0 ? std::optional(energy_kwh) : std::nullopt, "not_configured");
    record.unknown("max_power_kw", "not_known");
    if (string.ups) {
        record.estimated("autonomy_min", state.autonomy_min)
            .estimated("autonomy_forecast_min", state.autonomy_at_forecast.median);
    } else {
        record.unknown("autonomy_min", "no_ups").unknown("autonomy_forecast_min", "no_ups");
    }
    return record.take();
}

Outcome inventory(const Request&, Context& context) {
    const auto& site = context.site();
    const auto system = context.system();
    Json banks = Json::array();
    for (const auto& state : site.strings()) banks.push_back(describe_bank(site, state));
    constexpr std::string_view not_mapped = "no_point_mapped";
    Record gpu;
    gpu.unknown("utilization", not_mapped).unknown("cooling_load_kw", not_mapped);
    Record operational;
    operational.unknown("temperature_c", not_mapped).unknown("efficiency", not_mapped);
    const auto daemon = overall_status(system, site, components_of(system, site));
    operational.set("status", to_string(site_status(daemon, site)));
    operational.set("alerts", site.open_alerts().size());
    return Json{{"power", describe_power(site)},
                {"battery", std::move(banks)},
                {"gpu", gpu.take()},
                {"operational", operational.take()}};
}

Operation health_row() {
    return {.name = "health",
            .path = "/health",
            .summary = "Is the daemon well: one word, and one per component; alerts of the site do not count",
            .result = {{"status", "text", "", "operational, degraded or down"},
                       {"version", "text", "", "of sitepowerd"},
                       {"environment", "text", "", "as configured"},
                       {"service", "text", "", "sitepowerd"},
                       {"components.*.status", "text", "", "ok, degraded, down or off"}},
            .handler = health};
}

Operation ready_row() {
    return {.name = "ready",
            .path = "/health/ready",
            .summary = "Is the daemon ready: configuration loaded, store open, loop running",
            .result = {{"status", "text", "", "ready"}},
            .errors = {ErrorCode::service_unavailable},
            .handler = ready};
}

Operation status_row() {
    return {.name = "system.status",
            .path = "/api/v1/system/status",
            .summary = "The condition of the whole system, with a health score and what it is made of",
            .result = {{"status", "text", "",
                        "operational, degraded or down; not operational while a critical alert is open or a "
                        "UPS runs from "
                        "its batteries"},
                       {"overall_health_score", "number", "", "0 to 100: weighted mean of the factors"},
                       {"health_factors[].name", "text", "", "devices, buses, broker, store, alerts"},
                       {"health_factors[].weight", "number", "", "how much the factor counts"},
                       {"health_factors[].score", "number", "", "0 to 100"},
                       {"health_factors[].detail", "text", "", "what the score was made of"},
                       {"site", "text", "", "identifier of the site"},
                       {"version", "text", "", "of sitepowerd"},
                       {"uptime_s", "integer", "s", "since the daemon's start"},
                       {"components.*.status", "text", "", "ok, degraded, down or off"},
                       {"components.*.latency_ms", "number", "ms",
                        "of the last commit, acknowledgement or answer"},
                       {"components.*.error_rate", "number", "", "failed share of requests, 0 to 1"},
                       {"components.*.last_success", "time", "", "last commit, acknowledgement or answer"},
                       {"prices.available", "boolean", "", "there are price series, and none is stale"},
                       {"prices.age_s", "integer", "s", "since the oldest series had news"},
                       {"last_plan.time", "time", "", "when the plan was made"},
                       {"last_plan.solve_ms", "number", "ms", "how long it took"},
                       {"last_plan.total_kw", "number", "kW", "import at present by it"},
                       {"last_plan.constraints_satisfied", "boolean", "", "by its certificate"},
                       {"devices.total", "integer", "", "configured devices"},
                       {"devices.online", "integer", "", "devices that answer"},
                       {"active_alerts", "integer", "", "open alerts"},
                       {"critical_alerts", "integer", "",
                        "critical ones of them, without those that a maintenance window holds back"},
                       {"on_battery[]", "text", "", "UPSs that run from their batteries"},
                       {"live_clients", "integer", "", "connections to the local API"},
                       {"missed_polls", "integer", "",
                        "periods that passed because a bus had no time for them; a device that does not "
                        "answer misses none"},
                       {"outbox", "integer", "", "messages not yet acknowledged by the broker"},
                       {"requests_per_minute", "integer", "", "operations asked for in the last minute"}},
            .handler = system_status};
}

Operation inventory_row() {
    return {.name = "inventory",
            .path = "/api/v1/data/inventory",
            .summary = "Power, stored energy and load of the site at this moment",
            .result = {{"power.total_kw", "number", "kW", "rated power"},
                       {"power.available_kw", "number", "kW", "rated less used"},
                       {"power.used_kw", "number", "kW", "load of all UPSs"},
                       {"power.utilization", "number", "", "used over rated, 0 to 1"},
                       {"battery[].id", "text", "", "the string"},
                       {"battery[].soc", "number", "%", "state of charge of the weakest battery"},
                       {"battery[].soc_sigma", "number", "%", "its standard deviation"},
                       {"battery[].capacity_kwh", "number", "kWh", "nominal energy"},
                       {"battery[].max_power_kw", "number", "kW", "rated power"},
                       {"battery[].autonomy_min", "number", "min", "at the present load"},
                       {"battery[].autonomy_forecast_min", "number", "min", "at the load that is forecast"},
                       {"gpu.utilization", "number", "", "0 to 1"},
                       {"gpu.cooling_load_kw", "number", "kW", "heat to be removed"},
                       {"operational.temperature_c", "number", "Cel", "of the room"},
                       {"operational.efficiency", "number", "", "0 to 1"},
                       {"operational.status", "text", "", "as of system.status"},
                       {"operational.alerts", "integer", "", "open alerts"}},
            .handler = inventory};
}

}  // namespace

std::vector<Operation> system_rows() {
    return {health_row(), ready_row(), status_row(), inventory_row()};
}

}  // namespace sitepower
