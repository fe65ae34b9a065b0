// What operations may ask of the planner, on the loop thread. Tests show made-up plans.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "daemon/operation/unique_function.hpp"
#include "daemon/planner/allocation.hpp"
#include "daemon/planner/plan_report.hpp"

namespace sitepower {

// What a plan is to be made with instead of what is configured.
struct CycleOverrides {
    std::optional<double> risk_aversion;
    std::optional<double> wear_per_kwh;
    std::optional<Duration> horizon;
};

class PlannerView {
  public:
    virtual ~PlannerView() = default;
    // Null: nothing is planned.
    virtual const DispatchSettings* settings() const = 0;
    // The plan in force. Empty: none was made yet.
    virtual const std::optional<PlanReport>& report() const = 0;
    // Why the last attempt gave no plan; empty: it did, or there was none.
    virtual const std::string& trouble() const = 0;
    virtual std::uint64_t attempts() const = 0;
    virtual std::uint64_t failures() const = 0;

    // The allocation in force, and why the last attempt gave none.
    virtual const std::optional<AllocationReport>& allocation() const = 0;
    virtual const std::string& allocation_trouble() const = 0;
    // The auction by that plan and what is known now; changes nothing.
    virtual Result<AllocationReport> allocate_by(const PlanReport& plan, Time now) const = 0;
    // Makes a plan now, and with `adopt` puts it in force. Answers once, later or at once; never after the
    // planner is gone. The error says what is missing.
    virtual void cycle(const CycleOverrides& overrides, bool adopt, Time now,
                       UniqueFunction<void(const Result<PlanReport>&)> done) = 0;
    // Error `not_found` without such a class, `validation_error` for what is no bid.
    virtual Status bid(const std::string& load_class, Bid bid, Time now) = 0;
};

}  // namespace sitepower
