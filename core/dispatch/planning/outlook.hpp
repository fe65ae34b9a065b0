// What is expected of the steps ahead and what the batteries hold now: from that to the problem of the
// schedule, and from the plan to a reason for each step. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "core/dispatch/plan.hpp"

namespace sitepower::dispatch {

// Fixed by the configuration.
struct BatteryLimits {
    std::string id;
    double capacity_kwh = 0;     // when new
    double charge_min_pct = 10;  // of the present capacity: the hard window of the stored energy
    double charge_max_pct = 100;
    double charge_max_kw = 0;
    double discharge_max_kw = 0;
    double charge_efficiency = 0.96;
    double discharge_efficiency = 0.96;
    double self_discharge_pct_per_day = 0;
    double wear_per_kwh = 0;
    double required_autonomy_min = 0;
    std::optional<double> terminal_value_per_kwh;  // empty: as the mean price, see make_problem
};

struct SiteLimits {
    double import_limit_kw = 0;
    std::optional<double> breaker_limit_kw;
    double export_limit_kw = 0;
    double demand_price_per_kw = 0;
    double risk_aversion = 0;  // 0 to 1: how far prices and loads are shifted from p50 to p90
    // Instead of shifting prices: how much of the cost is the mean of the worst (1 - level) of the scenarios.
    std::optional<double> cvar_level;
};

struct ExpectedPrice {
    double p50 = 0, p90 = 0;  // per kWh
};

// One course that prices may take, per kWh, one value per step.
struct PriceScenario {
    std::vector<double> import_price, export_price;
};

// Of the steps ahead, all lists of one length.
struct Outlook {
    Time start{};
    Duration step{};
    std::vector<ExpectedPrice> import_price, export_price;
    std::vector<PriceScenario> price_scenarios;  // for cvar_level; without them nothing is at risk
    std::vector<double> load_p50_kw, load_p90_kw;
    std::vector<double> pv_kw;                   // empty: none
    std::vector<std::uint8_t> in_demand_window;  // empty: all
    double peak_so_far_kw = 0;
};

struct BatteryNow {
    double charge_pct = 0;
    double capacity_kwh = 0;                   // now
    std::vector<double> critical_load_p95_kw;  // of the steps ahead; empty: it backs up nothing
};

// The reserve at the end of a step is what the critical load of the autonomy behind it takes, at the largest
// of its p95, also where that is more than the battery holds: such a plan is relaxed. A stored kWh at the end
// is worth what it saves at the mean import price, less its wear, unless the configuration says otherwise.
Problem make_problem(const SiteLimits& limits, const std::vector<BatteryLimits>& batteries,
                     const Outlook& outlook, const std::vector<BatteryNow>& now);

// One sentence per step about one battery: why it charges, discharges or waits. Prices are shown per MWh.
std::vector<std::string> reasons_of(const Problem& problem, const Plan& plan, std::size_t battery);

}  // namespace sitepower::dispatch
