// From a snapshot of what is known to a plan. Runs on the planner's worker: reads history, forecasts the
// load, solves, explains. Touches nothing of the site.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/price/series.hpp"
#include "daemon/forecast/latest_forecasts.hpp"
#include "daemon/operation/history.hpp"
#include "daemon/planner/past_power.hpp"
#include "daemon/planner/plan_report.hpp"
#include "daemon/planner/settings.hpp"

namespace sitepower {

struct BatterySnapshot {
    double charge_pct = 0;
    double health_pct = 100;  // of the capacity when new
    bool follows = true;      // false: its inverter is handed back, and nothing can be planned of it
    std::optional<double> critical_load_kw;
    std::string critical_load_gap;  // why that is not known
};

struct PlanSnapshot {
    std::shared_ptr<const DispatchSettings> settings;
    Time now{};
    PriceSeries import_price;
    std::optional<PriceSeries> export_price;
    std::shared_ptr<const SeriesForecast> load_forecast;   // null: none is served
    std::shared_ptr<const SeriesForecast> price_forecast;  // likewise, of the import price
    std::optional<double> load_kw;                         // at present; empty: not known
    std::string load_gap;                                  // why that is not known
    std::optional<double> pv_kw;
    std::string pv_gap;
    std::vector<BatterySnapshot> batteries;  // as in the settings
};

// The error says what is missing. A plan whose status is failed is an answer, with its reason.
Result<PlanReport> make_report(const PlanSnapshot& snapshot, History& history, PastPower& past);

}  // namespace sitepower
