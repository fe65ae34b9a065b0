#include "daemon/planner/allocation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace sitepower {
namespace {

constexpr double noticeable_kw = 1e-9;
constexpr std::string_view cooling = "cooling";

double overhead_of(const LoadClass& load_class) {
    return load_class.cop ? 1 + 1 / *load_class.cop : 1;
}

// A bid that holds, else the configuration's segments, else a series times a yield. What they came from.
std::string take_values(const LoadClass& load_class, const AllocationSnapshot& snapshot, Time now,
                        dispatch::Bidder& bidder) {
    if (const auto bid = snapshot.bids.find(load_class.id);
        bid != snapshot.bids.end() && now < bid->second.valid_until) {
        bidder.segments = bid->second.segments;
        return fmt::format("bid, valid until {}", format_time(bid->second.valid_until));
    }
    if (load_class.value_series.empty()) {
        bidder.segments = load_class.segments;
        return "configuration";
    }
    const auto value = snapshot.series_values.find(load_class.value_series);
    if (value == snapshot.series_values.end()) {
        // The others must not wait for it.
        return fmt::format(
            "nothing beyond its entitlement: the price series {} holds no price of the present",
            load_class.value_series);
    }
    bidder.segments = {{value->second * load_class.yield_per_kwh, load_class.most_kw}};
    return fmt::format("{} times {:g} per kWh", load_class.value_series, load_class.yield_per_kwh);
}

// Of the plan, what counts for the demand charge.
double counted_h(const dispatch::Problem& problem) {
    double hours = 0;
    for (std::size_t t = 0; t < problem.steps(); ++t)
        hours += problem.in_demand_window(t) ? problem.step_h : 0;
    return hours;
}

// What the site could draw on in the step, whoever takes it.
std::vector<NamedTier> sources_of(const PlanReport& plan, std::size_t step) {
    std::vector<NamedTier> sources;
    const auto& problem = plan.problem;
    sources.push_back({"generation", {problem.export_price_per_kwh[step], problem.pv_at(step)}});
    for (std::size_t b = 0; b < problem.batteries.size(); ++b) {
        const auto& battery = problem.batteries[b];
        const auto& moves = plan.plan.schedule.batteries[b];
        // What may still leave the battery in this step without touching its reserve, at what it would be
        // worth later.
        const double floor_kwh =
            std::max(battery.stored_min_kwh, battery.reserve_kwh.empty() ? 0.0 : battery.reserve_kwh[step]);
        const double before_kwh =
            step == 0 ? plan.capacity_kwh[b] * plan.charge_pct[b] / 100 : moves.stored_kwh[step - 1];
        const double kw = std::min(battery.discharge_max_kw,
                                   (before_kwh - floor_kwh) * battery.discharge_efficiency / problem.step_h);
        double worth = battery.terminal_value_per_kwh;
        const auto& values = plan.plan.multipliers.energy_value;
        if (b < values.size() && step + 1 < values[b].size()) worth = -values[b][step + 1];
        sources.push_back(
            {"battery " + battery.id, {(worth + battery.wear_per_kwh) / battery.discharge_efficiency, kw}});
    }
    // A kW above the peak that is billed anyway costs the demand charge, as in the plan against what all its
    // steps bring.
    const double price = problem.import_price_per_kwh[step];
    double within_kw = problem.import_limit_kw;
    if (problem.in_demand_window(step)) {
        const double billed_kw = std::max(problem.demand->peak_so_far_kw, plan.plan.schedule.peak_kw);
        within_kw = std::min(within_kw, billed_kw);
        sources.push_back({"import above the billed peak",
                           {price + problem.demand->price_per_kw / counted_h(problem),
                            problem.import_limit_kw - within_kw}});
    }
    sources.push_back({"import", {price, within_kw}});
    return sources;
}

// What the base load and what the plan charges leave, both served first, from the cheapest on.
std::vector<NamedTier> supply_of(const PlanReport& plan, double base_load_kw, std::size_t step) {
    auto supply = sources_of(plan, step);
    std::ranges::stable_sort(supply, {}, [](const NamedTier& each) { return each.tier.price_per_kwh; });
    double taken_kw = base_load_kw;
    for (const auto& moves : plan.plan.schedule.batteries) taken_kw += moves.charge_kw[step];
    for (auto& source : supply) {
        const double kw = std::clamp(taken_kw, 0.0, std::max(0.0, source.tier.width_kw));
        source.tier.width_kw -= kw;
        taken_kw -= kw;
    }
    std::erase_if(supply, [](const NamedTier& each) { return each.tier.width_kw <= noticeable_kw; });
    return supply;
}

}  // namespace

double AllocationReport::load_kw() const {
    double sum = 0;
    for (const auto& award : allocation.awards) sum += award.load_kw();
    return sum;
}

double AllocationReport::cooling_kw() const {
    double sum = 0;
    for (std::size_t i = 0; i < allocation.awards.size(); ++i) {
        const auto& award = allocation.awards[i];
        sum += award.load_kw() * (auction.bidders[i].overhead_factor - 1);
    }
    return sum;
}

bool AllocationReport::constraints_satisfied() const {
    for (std::size_t i = 0; i < allocation.awards.size(); ++i) {
        if (allocation.awards[i].entitled_kw < auction.bidders[i].entitlement_kw * (1 - 1e-9)) return false;
    }
    return allocation.used_kw <= allocation.supply_kw * (1 + 1e-9) + noticeable_kw;
}

Result<AllocationReport> allocate(const DispatchSettings& settings, const PlanReport& plan,
                                  const AllocationSnapshot& snapshot, Time now) {
    const auto began = std::chrono::steady_clock::now();
    AllocationReport report;
    report.made = now;
    report.plan_made = plan.made;
    report.currency = plan.currency;
    report.base_load_kw = snapshot.base_load_kw;
    for (const auto& load_class : settings.load_classes) {
        dispatch::Bidder bidder{.id = load_class.id,
                                .overhead_factor = overhead_of(load_class),
                                .entitlement_kw = load_class.entitlement_kw,
                                .priority = load_class.priority,
                                .segments = {}};
        report.valuations.push_back(take_values(load_class, snapshot, now, bidder));
        report.cop.push_back(load_class.cop);
        report.auction.bidders.push_back(std::move(bidder));
    }
    report.outage = plan.outage;
    if (report.outage.empty()) {
        if (!snapshot.base_load_kw)
            return Error{ErrorCode::insufficient_data, "the base load is not known at present", ""};
        report.supply = supply_of(plan, *snapshot.base_load_kw, plan.step_at(now));
    }
    for (const auto& tier : report.supply) report.auction.supply.push_back(tier.tier);
    if (const auto sound = dispatch::check(report.auction); !sound) return sound.error();
    dispatch::Auctioneer().run(report.auction, report.allocation);
    for (std::size_t i = 0; i < report.auction.bidders.size(); ++i) {
        report.reasons.push_back(report.outage.empty()
                                     ? dispatch::reason_of(report.auction, report.allocation, i)
                                     : "Gets nothing: " + report.outage +
                                           ", and what is stored is kept for the critical load.");
    }
    report.processing_ms =
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count();
    return report;
}

Json describe_allocation(const AllocationReport& report, Time now) {
    Json kw = Json::object();
    Json payments = Json::object();
    Json reasons = Json::object();
    Json valuations = Json::object();
    double bid_value = 0;
    double awarded_value = 0;
    for (std::size_t i = 0; i < report.auction.bidders.size(); ++i) {
        const auto& bidder = report.auction.bidders[i];
        const auto& award = report.allocation.awards[i];
        kw[bidder.id] = award.load_kw();
        payments[bidder.id] = award.entitlement_cost_per_h + award.payment_per_h;
        reasons[bidder.id] = report.reasons[i];
        valuations[bidder.id] = report.valuations[i];
        awarded_value += award.value_per_h;
        for (const auto& segment : bidder.segments)
            bid_value += std::max(0.0, segment.value_per_kwh) * segment.width_kw;
    }
    kw[std::string(cooling)] = report.cooling_kw();
    payments[std::string(cooling)] = 0.0;
    reasons[std::string(cooling)] = "Follows the classes by their COP; who needs it has paid for it.";
    valuations[std::string(cooling)] = "none";
    Json supply = Json::array();
    for (const auto& tier : report.supply) {
        supply.push_back({{"source", tier.source},
                          {"price_per_mwh", 1000 * tier.tier.price_per_kwh},
                          {"kw", tier.tier.width_kw}});
    }
    Record metrics;
    metrics.set("processing_time_ms", report.processing_ms);
    metrics.set("social_welfare", report.allocation.welfare_per_h);
    metrics.maybe("allocation_efficiency",
                  bid_value > 0 ? std::optional(awarded_value / bid_value) : std::nullopt,
                  "nothing_is_bid_for");
    metrics.set("total_allocation_kw", report.load_kw());
    metrics.maybe("utilization",
                  report.allocation.supply_kw > 0
                      ? std::optional(report.allocation.used_kw / report.allocation.supply_kw)
                      : std::nullopt,
                  "no_supply");
    const auto& marginal = report.allocation.marginal_price_per_kwh;
    if (!marginal) {
        reasons["marginal_price"] = !report.outage.empty() ? no_schedule
                                    : bid_value > 0        ? std::string_view("no_supply_is_left")
                                                           : std::string_view("nothing_is_bid_for");
    }
    if (!report.base_load_kw) reasons["base_load_kw"] = "not_known_at_present";
    return {{"made_at", format_time(report.made)},
            {"plan_made_at", format_time(report.plan_made)},
            {"age_s", std::chrono::duration_cast<std::chrono::seconds>(now - report.made).count()},
            {"currency", report.currency},
            {"allocation", std::move(kw)},
            {"payments", std::move(payments)},
            {"marginal_price", marginal ? Json(1000 * *marginal) : Json()},
            {"reasons", std::move(reasons)},
            {"valuations", std::move(valuations)},
            {"supply", std::move(supply)},
            {"base_load_kw", report.base_load_kw ? Json(*report.base_load_kw) : Json()},
            {"optimization_metrics", metrics.take()},
            {"constraints_satisfied", report.constraints_satisfied()}};
}

Json describe_power_requirements(const PlanReport& plan, const std::optional<AllocationReport>& allocated,
                                 Time now) {
    const auto step = plan.step_at(now);
    std::optional<double> battery_kw;
    for (const auto& moves : plan.plan.schedule.batteries)
        battery_kw = battery_kw.value_or(0) + moves.charge_kw[step] - moves.discharge_kw[step];
    Record record;
    record.maybe("total", plan.import_kw(now), no_schedule);
    record.maybe("cooling", allocated ? std::optional(allocated->cooling_kw()) : std::nullopt,
                 "no_load_class");
    return record.maybe("battery", battery_kw, no_schedule).take();
}

Json describe_allocation_briefly(const AllocationReport& report) {
    Json awards = Json::array();
    for (std::size_t i = 0; i < report.auction.bidders.size(); ++i) {
        const auto& award = report.allocation.awards[i];
        awards.push_back({{"class", report.auction.bidders[i].id},
                          {"kw", award.load_kw()},
                          {"payment_per_h", award.entitlement_cost_per_h + award.payment_per_h},
                          {"reason", report.reasons[i]}});
    }
    return {{"welfare_per_h", report.allocation.welfare_per_h}, {"awards", std::move(awards)}};
}

}  // namespace sitepower
