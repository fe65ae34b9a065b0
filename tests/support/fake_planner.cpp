#include <utility>

#include "tests/support/fake_context.hpp"

namespace sitepower::support {

// Two cheap hours, two dear ones, two in between whose prices are not published yet.
FakePlanner::FakePlanner() {
    dispatch.currency = "EUR";
    PlanReport made;
    made.made = fake_now - std::chrono::minutes{2};
    made.start = std::chrono::floor<std::chrono::hours>(fake_now);
    made.step = std::chrono::hours{1};
    made.currency = "EUR";
    made.problem.step_h = 1;
    made.problem.import_price_per_kwh = {0.08, 0.08, 0.30, 0.30, 0.15, 0.15};
    made.problem.export_price_per_kwh.assign(6, 0.0);
    made.problem.load_kw = {40, 40, 60, 60, 50, 50};
    made.problem.import_limit_kw = 100;
    made.problem.batteries.push_back({.id = "LIB-01",
                                      .stored_kwh = 50,
                                      .stored_min_kwh = 10,
                                      .stored_max_kwh = 100,
                                      .charge_max_kw = 30,
                                      .discharge_max_kw = 30,
                                      .charge_efficiency = 0.96,
                                      .discharge_efficiency = 0.96,
                                      .reserve_kwh = {20, 20, 20, 20, 20, 20},
                                      .terminal_value_per_kwh = 0.16});
    made.plan = std::move(dispatch::make_plan(made.problem)).value();
    made.reasons.push_back(dispatch::reasons_of(made.problem, made.plan, 0));
    made.price_known = {true, true, true, true, false, false};
    made.load_method = "the load of the same time a week before, with the errors of that rule as its spread";
    made.price_method = "as published";
    made.charge_pct = {50};
    made.capacity_kwh = {100};
    made.solve_ms = 0.05;
    plan = std::move(made);
    LoadClass training{.id = "training", .cop = 4, .entitlement_kw = 10, .segments = {{0.4, 20}, {0.09, 40}}};
    LoadClass mining{.id = "mining", .segments = {{0.12, 60}}};
    dispatch.load_classes = {training, mining};
    allocated = std::move(allocate_by(*plan, fake_now - std::chrono::minutes{2})).value();
}

Result<AllocationReport> FakePlanner::allocate_by(const PlanReport& of, Time now) const {
    auto report = allocate(dispatch, of, {.base_load_kw = 20, .series_values = {}, .bids = bids}, now);
    if (report) report->processing_ms = 0.02;
    return report;
}

void FakePlanner::cycle(const CycleOverrides& overrides, bool adopt, Time /*now*/,
                        UniqueFunction<void(const Result<PlanReport>&)> done) {
    last_overrides = overrides;
    last_adopted = adopt;
    done(last_trouble.empty() ? Result<PlanReport>(*plan)
                              : Error{ErrorCode::insufficient_data, last_trouble, ""});
}

Status FakePlanner::bid(const std::string& load_class, Bid bid, Time /*now*/) {
    if (load_class != "training" && load_class != "mining")
        return Error{ErrorCode::not_found, "there is no load class " + load_class, ""};
    bids[load_class] = std::move(bid);
    return Done{};
}

}  // namespace sitepower::support
