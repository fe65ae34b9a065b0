#include "core/dispatch/least_peak.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sitepower::dispatch {
namespace {

constexpr int most_rounds = 500;
constexpr double nothing_kwh = 1e-10;

// How much energy is missing at the worst place when the import is capped, backwards from the windows' lower
// ends: what a step needs at its start is what it needs at its end less what it can charge. Convex, falling
// in the cap.
class Missing {
  public:
    Missing(const Problem& problem, const Window& window, const std::vector<Direction>& directions)
        : problem_(problem),
          window_(window),
          directions_(directions),
          factors_(problem.batteries.front(), problem.step_h) {}

    void measure(double cap_kw) {
        cap_kw_ = cap_kw;
        missing_kwh = -std::numeric_limits<double>::infinity();
        double needed_kwh = 0;
        double slope = 0;
        std::size_t last = 0;
        for (std::size_t t = problem_.steps(); t-- > 0;) {
            if (t + 1 == problem_.steps() || window_.floor_kwh[t] >= needed_kwh) {
                needed_kwh = window_.floor_kwh[t];
                slope = 0;
                last = t;
            }
            note(needed_kwh - window_.high_kwh[t], slope, t + 1, last);
            needed_kwh = (needed_kwh - most_change(t)) / factors_.kept;
            slope = (slope - change_slope(t)) / factors_.kept;
        }
        note(needed_kwh - problem_.batteries.front().stored_kwh, slope, 0, last);
    }

    double missing_kwh = 0;
    double slope_kwh_per_kw = 0;
    std::size_t begin = 0, end = 0;  // the steps between the two ends that do not fit

    double change_slope(std::size_t t) const {
        const double power_kw = cap_kw_ - problem_.net_load_kw(t);
        if (!problem_.in_demand_window(t) || cap_kw_ >= problem_.import_limit_kw || power_kw >= most_kw(t))
            return 0;
        return power_kw >= 0 ? factors_.stored_per_kw : factors_.taken_per_kw;
    }
    double kept() const { return factors_.kept; }

  private:
    double most_kw(std::size_t t) const {
        return !directions_.empty() && directions_[t] == Direction::discharge ? 0.0 : factors_.charge_max_kw;
    }
    double most_change(std::size_t t) const {
        const double cap_kw = problem_.in_demand_window(t) ? std::min(cap_kw_, problem_.import_limit_kw)
                                                           : problem_.import_limit_kw;
        return factors_.change_kwh(std::min(most_kw(t), cap_kw - problem_.net_load_kw(t)));
    }
    void note(double missing, double slope, std::size_t from, std::size_t to) {
        if (missing <= missing_kwh) return;
        missing_kwh = missing;
        slope_kwh_per_kw = slope;
        begin = from;
        end = to;
    }

    const Problem& problem_;
    const Window& window_;
    const std::vector<Direction>& directions_;
    BatteryFactors factors_;
    double cap_kw_ = 0;
};

// What the battery cannot take off the load of a single step.
void raise_to_power_limits(const Problem& problem, const std::vector<Direction>& directions,
                           LeastPeak& least) {
    for (std::size_t t = 0; t < problem.steps(); ++t) {
        if (!problem.in_demand_window(t)) continue;
        const bool may_discharge = directions.empty() || directions[t] != Direction::charge;
        const double least_kw =
            problem.net_load_kw(t) - (may_discharge ? problem.batteries.front().discharge_max_kw : 0.0);
        if (least_kw <= least.peak_kw) continue;
        least.peak_kw = least_kw;
        least.forced = true;
        std::ranges::fill(least.peak_price, 0.0);
        least.peak_price[t] = 1;
        least.price_sum = 1;
    }
}

void set_energy_ray(const Problem& problem, const Missing& missing, LeastPeak& least) {
    least.forced = true;
    std::ranges::fill(least.peak_price, 0.0);
    std::ranges::fill(least.energy_value, 0.0);
    least.price_sum = 0;
    double value = -1;
    for (std::size_t t = missing.end + 1; t-- > missing.begin;) {
        least.energy_value[t] = value;
        if (problem.in_demand_window(t)) least.peak_price[t] = -value * missing.change_slope(t);
        least.price_sum += least.peak_price[t];
        value *= missing.kept();
    }
}

}  // namespace

std::optional<LeastPeak> least_peak(const Problem& problem, const Window& window,
                                    const std::vector<Direction>& directions) {
    LeastPeak least{.peak_kw = problem.demand->peak_so_far_kw,
                    .energy_value = std::vector<double>(problem.steps()),
                    .peak_price = std::vector<double>(problem.steps())};
    raise_to_power_limits(problem, directions, least);
    Missing missing(problem, window, directions);
    missing.measure(least.peak_kw);
    // Newton from the left on a convex piecewise linear function: rises monotonically and ends at the zero.
    for (int round = 0; missing.missing_kwh > nothing_kwh; ++round) {
        if (missing.slope_kwh_per_kw >= 0 || round == most_rounds) return std::nullopt;
        set_energy_ray(problem, missing, least);
        least.peak_kw -= missing.missing_kwh / missing.slope_kwh_per_kw;
        missing.measure(least.peak_kw);
    }
    return least;
}

}  // namespace sitepower::dispatch
