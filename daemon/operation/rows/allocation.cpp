// The power auction: what is in force, what it would be, bids, and the whole cycle.
#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "daemon/operation/rows/rows.hpp"
#include "daemon/operation/rows/subject.hpp"
#include "daemon/planner/planner_view.hpp"

namespace sitepower {
namespace {

constexpr double longest_periods = 168;

Failure nothing_planned() {
    return {ErrorCode::insufficient_data,
            "nothing is planned: add [dispatch] with a battery to the configuration"};
}

Failure nothing_auctioned() {
    return {ErrorCode::insufficient_data,
            "there is no load class: add [[dispatch.load_class]] to the configuration"};
}

Outcome allocation(const Request&, Context& context) {
    auto& planner = context.planner();
    if (planner.settings() == nullptr) return nothing_planned();
    if (planner.settings()->load_classes.empty()) return nothing_auctioned();
    if (!planner.allocation()) {
        const auto& trouble =
            planner.allocation_trouble().empty() ? planner.trouble() : planner.allocation_trouble();
        return Failure{ErrorCode::service_unavailable,
                       "there is no allocation yet: " +
                           (trouble.empty() ? std::string("the first plan is being made") : trouble)};
    }
    return describe_allocation(*planner.allocation(), context.now());
}

CycleOverrides read_overrides(const Parameters& parameters) {
    CycleOverrides overrides;
    overrides.risk_aversion = parameters.number("risk_aversion");
    overrides.wear_per_kwh = parameters.number("lambda_deg");
    if (const auto periods = parameters.integer("forecast_periods"))
        overrides.horizon = std::chrono::hours{*periods};
    return overrides;
}

void allocate_now(Request request, Context& context, Reply reply) {
    auto& planner = context.planner();
    if (planner.settings() == nullptr) return reply(nothing_planned());
    if (planner.settings()->load_classes.empty()) return reply(nothing_auctioned());
    planner.cycle(read_overrides(request.parameters), false, context.now(),
                  [&context, reply = std::move(reply)](const Result<PlanReport>& plan) mutable {
                      if (!plan) return reply(failure_of(plan.error()));
                      const auto now = context.now();
                      const auto found = context.planner().allocate_by(*plan, now);
                      if (!found) return reply(failure_of(found.error()));
                      auto json = describe_allocation(*found, now);
                      json["certificate"] = describe_plan(*plan, "", now)["certificate"];
                      reply(std::move(json));
                  });
}

Json revenue_of(const std::optional<AllocationReport>& allocated) {
    Json revenue = Json::object();
    if (!allocated) return revenue;
    for (std::size_t i = 0; i < allocated->auction.bidders.size(); ++i) {
        const auto& award = allocated->allocation.awards[i];
        revenue[allocated->auction.bidders[i].id] = award.entitlement_cost_per_h + award.payment_per_h;
    }
    return revenue;
}

void full_cycle(Request request, Context& context, Reply reply) {
    auto& planner = context.planner();
    if (planner.settings() == nullptr) return reply(nothing_planned());
    const bool simulate = *request.parameters.flag("simulate");
    const auto began = context.steady_now();
    planner.cycle(
        {}, !simulate, context.now(),
        [&context, simulate, began, reply = std::move(reply)](const Result<PlanReport>& plan) mutable {
            if (!plan) return reply(failure_of(plan.error()));
            const auto now = context.now();
            std::optional<AllocationReport> allocated;
            if (!context.planner().settings()->load_classes.empty()) {
                auto found = context.planner().allocate_by(*plan, now);
                if (!found) return reply(failure_of(found.error()));
                allocated = std::move(*found);
            }
            Json soc = Json::object();
            for (std::size_t b = 0; b < plan->problem.batteries.size(); ++b)
                soc[plan->problem.batteries[b].id] = plan->charge_pct[b];
            Record elapsed;
            elapsed.set("schedule", plan->solve_ms);
            elapsed.maybe("auction", allocated ? std::optional(allocated->processing_ms) : std::nullopt,
                          "no_load_class");
            elapsed.set("total",
                        std::chrono::duration<double, std::milli>(context.steady_now() - began).count());
            Record record;
            record.set("success", plan->plan.status != dispatch::PlanStatus::failed);
            record.set("simulated", simulate);
            record.set("elapsed_ms", elapsed.take());
            record.set("soc", std::move(soc));
            record.maybe("total_power_kw", plan->import_kw(now), no_schedule);
            record.set("revenue", revenue_of(allocated));
            record.set("power_requirements", describe_power_requirements(*plan, allocated, now));
            record.set("constraints_satisfied",
                       plan->constraints_satisfied() && (!allocated || allocated->constraints_satisfied()));
            record.because("success", plan->outage);
            reply(record.take());
        });
}

Failure wrong_segments(const std::string& problem) {
    return wrong_parameter("segments", problem, R"([{"value_per_kwh": 0.25, "kw": 40}, ...], values falling)",
                           "the segments are no bid");
}

Outcome bid(const Request& request, Context& context) {
    auto& planner = context.planner();
    if (planner.settings() == nullptr) return nothing_planned();
    const auto load_class = request.parameters.required_text("class");
    const auto valid_until = *request.parameters.time("valid_until");
    const auto now = context.now();
    if (valid_until <= now || valid_until > now + longest_bid) {
        return wrong_parameter("valid_until", "is not within the next 31 days",
                               "a time after " + format_time(now),
                               "the bid is over before it begins, or lasts too long");
    }
    auto segments = read_segments(parse_input(request.parameters.required_text("segments")));
    if (!segments) return wrong_segments(segments.error().message);
    const Bid made{.segments = std::move(*segments), .valid_until = valid_until};
    const auto accepted = planner.bid(load_class, made, now);
    if (!accepted) {
        if (accepted.error().code == ErrorCode::validation_error)
            return wrong_segments(accepted.error().message);
        return failure_of(accepted.error());
    }
    return Json{{"class", load_class},
                {"segments", describe_segments(made.segments)},
                {"valid_until", format_time(valid_until)},
                {"received_at", format_time(now)}};
}

std::vector<Field> allocation_fields() {
    return {
        {"made_at", "time", "", "when it was made"},
        {"plan_made_at", "time", "", "of the schedule it stands on"},
        {"age_s", "integer", "s", "since it was made"},
        {"currency", "text", "", "of all money"},
        {"allocation.*", "number", "kW", "by class; cooling follows from them"},
        {"payments.*", "number", "currency/h",
         "by class: energy of its entitlement, and what its power "
         "would have been worth to the others"},
        {"marginal_price", "number", "currency/MWh",
         "of one more facility kW; with nothing auctioned, of the cheapest supply left"},
        {"valuations.*", "text", "", "by class: where what power is worth to it comes from"},
        {"supply[].source", "text", "", "generation, battery or import, the cheapest first"},
        {"supply[].price_per_mwh", "number", "currency/MWh", "of stored energy what it would be worth later"},
        {"supply[].kw", "number", "kW", "that the classes can have of it"},
        {"base_load_kw", "number", "kW", "drawn beside the classes and their cooling"},
        {"optimization_metrics.processing_time_ms", "number", "ms", "of the auction"},
        {"optimization_metrics.social_welfare", "number", "currency/h", "values less the cost of supply"},
        {"optimization_metrics.allocation_efficiency", "number", "", "awarded share of the value bid for"},
        {"optimization_metrics.total_allocation_kw", "number", "kW", "of all classes"},
        {"optimization_metrics.utilization", "number", "", "used share of the supply"},
        {"constraints_satisfied", "boolean", "", "every entitlement is served"}};
}

Operation allocate_row() {
    return {
        .name = "allocate",
        .method = Method::post,
        .path = "/api/v1/optimization/allocate",
        .role = Role::engineer,
        .summary =
            "What the auction would give out now, by a schedule made for the question; changes nothing",
        .parameters = {{.name = "forecast_periods",
                        .type = ParameterType::integer,
                        .help = "how many hours the schedule looks ahead; default as configured",
                        .minimum = 1,
                        .maximum = longest_periods},
                       {.name = "risk_aversion",
                        .type = ParameterType::number,
                        .help = "0 expects, 1 plans for one time in ten; default as configured",
                        .minimum = 0,
                        .maximum = 1},
                       {.name = "lambda_deg",
                        .type = ParameterType::number,
                        .help = "wear per kWh through the cells; default as configured",
                        .minimum = 0,
                        .maximum = 10}},
        .result = joined(allocation_fields(), {{"certificate.*", "number", "", "of the schedule, see plan"}}),
        .errors = {ErrorCode::insufficient_data, ErrorCode::service_unavailable},
        .handler = allocate_now};
}

Operation cycle_row() {
    return {.name = "full_cycle",
            .method = Method::post,
            .path = "/api/v1/system/run-full-cycle",
            .role = Role::engineer,
            .summary =
                "Prices and forecasts, schedule, auction, once now; simulated it changes nothing, else its "
                "plan is the one in force",
            .parameters = {{.name = "simulate",
                            .type = ParameterType::boolean,
                            .help = "only say what would come of it",
                            .fallback = "true"}},
            .result = {{"success", "boolean", "", "there is a plan"},
                       {"simulated", "boolean", "", "nothing was changed"},
                       {"elapsed_ms.schedule", "number", "ms", "of the schedule"},
                       {"elapsed_ms.auction", "number", "ms", "of the auction"},
                       {"elapsed_ms.total", "number", "ms", "with history and forecasts"},
                       {"soc.*", "number", "%", "by battery"},
                       {"total_power_kw", "number", "kW",
                        "import at present by the plan, with what the classes are expected to draw: what is "
                        "awarded now is not in it yet"},
                       {"revenue.*", "number", "currency/h", "what each class pays"},
                       {"power_requirements.total", "number", "kW", "import, likewise"},
                       {"power_requirements.cooling", "number", "kW", "of the classes"},
                       {"power_requirements.battery", "number", "kW", "charging positive"},
                       {"constraints_satisfied", "boolean", "", "limits, reserves and entitlements"}},
            .errors = {ErrorCode::insufficient_data, ErrorCode::service_unavailable},
            .handler = full_cycle};
}

}  // namespace

std::vector<Operation> allocation_rows() {
    return {
        {.name = "allocation",
         .path = "/api/v1/plan/allocation",
         .summary = "Who gets how much power at present, what for and at which price",
         .result = allocation_fields(),
         .errors = {ErrorCode::insufficient_data, ErrorCode::service_unavailable},
         .handler = allocation},
        allocate_row(),
        cycle_row(),
        {.name = "bids",
         .method = Method::post,
         .path = "/api/v1/bids/{class}",
         .role = Role::engineer,
         .summary = "Tell what power is worth to a load class; until then goes before the configuration",
         .parameters = {path_parameter("class", "the load class"),
                        {.name = "segments",
                         .type = ParameterType::list,
                         .help = "objects with value_per_kwh and kw, values falling; empty bids for nothing",
                         .required = true},
                        {.name = "valid_until",
                         .type = ParameterType::time,
                         .help = "when it runs out, at most 31 days ahead",
                         .required = true}},
         .result = {{"class", "text", "", "the load class"},
                    {"segments[].value_per_kwh", "number", "currency/kWh", "of the load's energy"},
                    {"segments[].kw", "number", "kW", "of load"},
                    {"valid_until", "time", "", "when it runs out"},
                    {"received_at", "time", "", "now"}},
         .errors = {ErrorCode::not_found, ErrorCode::insufficient_data},
         .handler = bid}};
}

}  // namespace sitepower
