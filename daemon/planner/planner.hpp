// Keeps a plan in force: decides when a new one is due, hands what is known to the worker, takes what comes
// back, tells it, and says when there is none to go by. Owned by the app; loop thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "daemon/operation/context.hpp"
#include "daemon/planner/planner_view.hpp"
#include "daemon/planner/solve.hpp"
#include "daemon/price/book.hpp"
#include "daemon/store/store.hpp"

namespace sitepower {

class Planner final : public PlannerView {
  public:
    // A plan is made anew so often, and when what it stands on has changed; never sooner after another.
    static constexpr Duration interval{std::chrono::minutes{5}};
    static constexpr Duration least_pause{std::chrono::seconds{10}};
    // After an attempt that gave none.
    static constexpr Duration retry_pause{std::chrono::seconds{15}};
    // An allocation that cannot be made anew is gone by for so long.
    static constexpr Duration allocation_stands{std::chrono::minutes{15}};
    // A battery that is so far from the plan is a reason for a new one.
    static constexpr double charge_tolerance_pct = 2;

    struct Outlets {
        // Runs on the planner's worker; false when it has no room.
        std::function<bool(Query)> work;
        // What is forecast of a series; null: nothing yet.
        std::function<std::shared_ptr<const SeriesForecast>(const std::string& series)> forecast_of;
        std::function<void(const std::string& topic, const Json& body)> tell_retained;
        std::function<void(const std::string& topic)> clear;
        std::function<void(const std::string& topic, const Json& body)> tell_event;
        std::function<void(PlanRow)> keep;
        std::function<void(std::string_view type, bool holds, const std::string& message)> condition;
        // Whether the battery, by its place, may be planned with; null: all may.
        std::function<bool(std::size_t battery)> follows{};
    };

    // `site` and `prices` must outlive it.
    Planner(const SiteView& site, const PriceBook& prices, Outlets outlets)
        : site_(site), prices_(prices), outlets_(std::move(outlets)) {}

    // Null: nothing is planned. The plan in force is dropped, and a new one made at once.
    void configure(std::shared_ptr<const DispatchSettings> settings, Time now);
    // Due every second.
    void tick(Time now);
    // Bids of an earlier process that have not run out; those that came since go before them.
    void restore_bids(std::map<std::string, Bid> bids, Time now);
    // A new publisher knows none of the retained topics.
    void tell_again(Time now);

    const DispatchSettings* settings() const override { return settings_.get(); }
    const std::optional<PlanReport>& report() const override { return report_; }
    const std::string& trouble() const override { return trouble_; }
    std::uint64_t attempts() const override { return attempts_; }
    std::uint64_t failures() const override { return failures_; }

    const std::optional<AllocationReport>& allocation() const override { return allocation_; }
    const std::string& allocation_trouble() const override { return allocation_trouble_; }
    Result<AllocationReport> allocate_by(const PlanReport& plan, Time now) const override;
    void cycle(const CycleOverrides& overrides, bool adopt, Time now,
               UniqueFunction<void(const Result<PlanReport>&)> done) override;
    Status bid(const std::string& load_class, Bid bid, Time now) override;

    // What a plan would be made from now; the error names what is not known.
    Result<PlanSnapshot> snapshot(Time now) const;

  private:
    void watch_mains(Time now);
    std::string on_battery(Time now);
    bool is_due(Time now) const;
    std::vector<std::uint64_t> price_revisions() const;
    std::vector<bool> followers() const;
    bool strays(Time now) const;
    void order(Time now);
    void take(const Result<PlanReport>& found, Time now);
    void adopt_whole(Result<PlanReport>& found, Time now);
    void put_in_force(PlanReport report, Time now);
    void fail(const std::string& why, Time now);
    void tell(Time now);
    void judge(Time now);
    void auction(Time now);
    Result<double> base_load_kw() const;
    std::string autonomy_left() const;
    struct Told {
        bool holds = false;
        std::string message;
        Time at{};
    };
    void set_condition(std::string_view type, Told& told, bool holds, const std::string& message, Time now);
    std::map<std::string, double> series_values(Time now) const;
    std::vector<std::string> valued_series(Time now) const;

    const SiteView& site_;
    const PriceBook& prices_;
    Outlets outlets_;
    std::shared_ptr<const DispatchSettings> settings_;
    std::shared_ptr<PastPower> past_;  // touched by jobs on the worker only
    std::optional<PlanReport> report_;
    std::string trouble_;
    std::string told_status_;
    std::map<std::string, Time> on_battery_since_;  // by UPS; stays while one does not say that it is back
    std::string outage_;                            // why the mains count as gone; empty: they do not
    std::map<std::string, Bid> bids_;  // by class, at most one each; dropped when they have run out
    std::optional<AllocationReport> allocation_;
    std::string allocation_trouble_;
    std::vector<std::string> valued_series_;  // that the last auction knew a value of
    std::optional<Time> ordered_;
    std::vector<std::uint64_t> ordered_revisions_;  // of the prices
    std::vector<bool> ordered_followers_;           // of the batteries
    std::uint64_t generation_ = 0;                  // of the configuration
    std::uint64_t attempts_ = 0;
    std::uint64_t failures_ = 0;
    bool working_ = false;
    Told told_no_plan_;
    Told told_reserve_;
    Told told_import_;
    Told told_no_allocation_;
    Told told_cut_;
};

}  // namespace sitepower
