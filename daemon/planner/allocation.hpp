// Who gets how much power in the present step: load classes with what power is worth to them, against what
// the plan leaves of import, generation and stored energy. Pure; loop thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/dispatch/auction/auction.hpp"
#include "daemon/operation/json.hpp"
#include "daemon/planner/bid.hpp"
#include "daemon/planner/plan_report.hpp"

namespace sitepower {

// Where the auction's supply comes from, the cheapest first.
struct NamedTier {
    std::string source;  // "generation", "import", "battery LIB-01"
    dispatch::SupplyTier tier;
};

struct AllocationReport {
    Time made{};
    Time plan_made{};
    std::string currency;
    dispatch::Auction auction;
    dispatch::Allocation allocation;
    std::vector<NamedTier> supply;
    std::vector<std::string> reasons;        // one per class
    std::vector<std::string> valuations;     // likewise: where its values came from
    std::vector<std::optional<double>> cop;  // likewise
    std::optional<double> base_load_kw;
    std::string outage;  // of the plan; then nobody gets anything
    double processing_ms = 0;

    double load_kw() const;              // of all classes
    double cooling_kw() const;           // what follows from it
    bool constraints_satisfied() const;  // every entitlement is served, and no more than there is
};

// What an allocation stands on beside the plan.
struct AllocationSnapshot {
    std::optional<double> base_load_kw;  // drawn beside the classes and their cooling
    // Of the price series that classes name, at present. One without bids for nothing beyond its entitlement.
    std::map<std::string, double> series_values;
    std::map<std::string, Bid> bids;  // by class
};

// Error `insufficient_data` says what is not known. While the mains are gone nobody gets anything, entitled
// or not: what is stored is the critical load's; the base load is not needed then.
Result<AllocationReport> allocate(const DispatchSettings& settings, const PlanReport& plan,
                                  const AllocationSnapshot& snapshot, Time now);

Json describe_allocation(const AllocationReport& report, Time now);
// What is drawn at present by plan and allocation, in kW: total, cooling, and the batteries, charging
// positive.
Json describe_power_requirements(const PlanReport& plan, const std::optional<AllocationReport>& allocated,
                                 Time now);
// What the store keeps of it.
Json describe_allocation_briefly(const AllocationReport& report);

}  // namespace sitepower
