// The battery schedule as an optimisation problem: what is known about prices, load, limits and batteries
// over the steps ahead. A plain value, built by whoever wants a plan; nothing here is trusted before check().
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace sitepower::dispatch {

// Of the import, in kW: none is.
inline constexpr double no_cap = std::numeric_limits<double>::infinity();
// Rounding of stored energies.
inline constexpr double same_kwh = 1e-9;

// One battery at the AC side of its inverter. Money is in the site's currency.
struct Battery {
    std::string id;
    double stored_kwh = 0;  // measured now; may lie outside of the window
    double stored_min_kwh = 0;
    double stored_max_kwh = 0;
    double charge_max_kw = 0;
    double discharge_max_kw = 0;
    double charge_efficiency = 1;  // stored per drawn, (0, 1]
    double discharge_efficiency = 1;
    double self_discharge_per_h = 0;
    double wear_per_kwh = 0;          // per kWh through the cells, charge and discharge each counted
    std::vector<double> reserve_kwh;  // stored energy kept for backup at the end of each step; empty: none
    double terminal_value_per_kwh = 0;
    std::optional<double> terminal_min_kwh;
};

struct DemandCharge {
    double price_per_kw = 0;
    double peak_so_far_kw = 0;         // billed already in this period
    std::vector<std::uint8_t> window;  // 1: the step counts; empty: all steps
};

// Scenarios of the prices, equally likely; the energy cost is then (1 - aversion) mean + aversion CVaR.
struct PriceRisk {
    double level = 0.9;   // the mean of the worst (1 - level) is taken
    double aversion = 0;  // 0 to 1
    // [scenario][step]; in each step exporting earns at most what importing costs
    std::vector<std::vector<double>> import_price_per_kwh, export_price_per_kwh;
};

struct Problem {
    double step_h = 0;
    std::vector<double> import_price_per_kwh;  // one per step, as the three below
    std::vector<double> export_price_per_kwh;
    std::vector<double> load_kw;
    std::vector<double> pv_kw;   // may be curtailed; empty: none
    double import_limit_kw = 0;  // contracted: exceeded only where nothing else is possible
    double export_limit_kw = 0;
    double breaker_limit_kw = std::numeric_limits<double>::infinity();  // of the import; never exceeded
    std::optional<DemandCharge> demand;
    std::optional<PriceRisk> risk;
    std::vector<Battery> batteries;

    std::size_t steps() const { return load_kw.size(); }
    double pv_at(std::size_t step) const { return pv_kw.empty() ? 0.0 : pv_kw[step]; }
    // What the site draws without batteries and without curtailment, kW.
    double net_load_kw(std::size_t step) const { return load_kw[step] - pv_at(step); }
    bool in_demand_window(std::size_t step) const {
        return demand && (demand->window.empty() || demand->window[step] != 0);
    }
};

// What is left of the stored energy after a step without charge and discharge, as a share.
inline double kept_share(const Battery& battery, double step_h) {
    return 1.0 - battery.self_discharge_per_h * step_h;
}

}  // namespace sitepower::dispatch
