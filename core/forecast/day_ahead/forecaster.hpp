// Forecasts the next local day of a price or a load as a whole, from the days before and from covariates that
// are known for it, and learns from each day that has passed. One for each series, owned by the forecasting
// worker; one thread at a time. The same days give the same forecasts, bit for bit, also across save and
// load.
#pragma once

#include <Eigen/Core>
#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "core/base/result.hpp"
#include "core/forecast/day_ahead/experts.hpp"
#include "core/forecast/day_ahead/intervals.hpp"
#include "core/forecast/day_ahead/setup.hpp"
#include "core/forecast/day_ahead/stacking.hpp"
#include "core/forecast/safeguard.hpp"

namespace sitepower::forecast {

struct DayForecast {
    std::chrono::sys_days date;
    DayQuantiles quantiles;
    bool naive_stands_in = false;        // the combination has lost to a naive forecast lately
    bool covariate_substituted = false;  // something known in advance was not, was estimated, and widens
    std::size_t days_used = 0;           // days learnt from in the longest window
    std::size_t days_matured = 0;        // forecasts that weights and intervals rest on
};

class DayAheadForecaster {
  public:
    // Longer gaps between two days start a new history.
    static constexpr std::size_t longest_gap_days = 31;

    // Refuses a setup that cannot work, naming the cure.
    static Result<DayAheadForecaster> create(DayAheadSetup setup);

    // A day that has passed, with its covariates; days come in order, days left out count as unknown. A
    // forecast made for it matures: combination and intervals learn from it. Refused: another shape than the
    // setup's, or a date not after the last one.
    Status learn(Day day);

    // The day after the last one: its covariates as known now (NaN: unknown), its target is not looked at.
    // Refused: another date, and too few days to learn from (insufficient_data, with how many are missing).
    Result<DayForecast> forecast(const Day& today);

    std::size_t days() const { return experts_.days(); }
    const DayAheadSetup& setup() const { return setup_; }

    std::vector<std::byte> save() const;
    // Refuses what was not saved by a forecaster of the same setup.
    Status load(std::span<const std::byte> blob);

  private:
    struct Issued {
        std::chrono::sys_days date;
        Eigen::MatrixXd experts;
        Eigen::MatrixXd naive;     // yesterday and a week ago x slots
        Eigen::VectorXd combined;  // of the experts
        Eigen::VectorXd point;     // the combination, or a naive forecast while the safeguard is engaged
        Eigen::VectorXd spread;
        Eigen::VectorXd expected_error;
        DayQuantiles quantiles;
    };

    explicit DayAheadForecaster(DayAheadSetup setup);
    Status check_shape(const Day& day) const;
    void bridge_to(std::chrono::sys_days date);
    void mature(const Day& day);
    Eigen::MatrixXd naive() const;
    Issued issue(std::chrono::sys_days date, Opinions opinions) const;
    void save_issued(BlobWriter& writer) const;
    void load_issued(BlobReader& reader);
    std::uint64_t fingerprint() const;

    DayAheadSetup setup_;
    DayExperts experts_;
    Stacking stacking_;
    Safeguard safeguard_;
    DayIntervals intervals_;
    std::optional<Issued> issued_;  // not matured yet
};

}  // namespace sitepower::forecast
