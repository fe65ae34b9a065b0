// The forecaster of the long horizon on the coarse (hourly) grid: an Ensemble, the safeguard, and for each
// step of the horizon quantiles that follow its own matured forecasts once there are some, the back-test's
// before. Owned by a Forecaster; one thread at a time.
#pragma once

#include <array>
#include <vector>

#include "core/forecast/backtest_interval.hpp"
#include "core/forecast/ensemble.hpp"
#include "core/forecast/residual_quantiles.hpp"
#include "core/forecast/safeguard.hpp"

namespace sitepower::forecast {

class LongForecaster {
  public:
    LongForecaster(const EnsembleSetup& setup, bool non_negative);

    // As Ensemble::fit; matured forecasts of the past stay what they are.
    void fit(std::span<const double> values, std::span<const std::uint8_t> learnable,
             std::span<const std::uint16_t> slots);
    void refit();
    // As Ensemble::multiply.
    void multiply(std::size_t steps_back, double factor) { ensemble_.multiply(steps_back, factor); }
    // Refits and says anew what was last said: for an origin at which the daemon would have retrained.
    void refit_and_issue();
    // The next value: matures what was said of it, learns, and issues the next forecast. Does not allocate.
    void update(double value, bool learnable, std::uint16_t slot);

    // Where the week does not simply run on: the slots of the horizon after the newest value.
    void set_future_slots(std::span<const std::uint16_t> slots) { ensemble_.set_future_slots(slots); }

    bool fitted() const { return ensemble_.fitted(); }
    // Issued at the newest value, for as many steps as `steps` has, up to the horizon; `naive_only`: what the
    // daily seasonal naive says, where the history is too full of holes. Does not allocate.
    void forecast(std::span<IssuedStep> steps, bool naive_only = false) const;

    const Ensemble& ensemble() const { return ensemble_; }
    bool safeguarded() const { return safeguard_.engaged(); }

    void save(BlobWriter& writer) const;
    void load(BlobReader& reader);

  private:
    static constexpr std::size_t blocks = 8;  // of the horizon, with quantiles of their own

    struct Issue {
        bool issued = false;
        std::vector<double> combined;
        std::vector<double> points;
        std::vector<QuantileForecast> quantiles;
    };

    std::size_t block_of(std::size_t step) const { return step * blocks / horizon_; }
    void settle_fit();
    void seed_safeguard();
    void mature(double actual);
    void issue();
    void quantiles_of(std::span<const double> points, std::span<QuantileForecast> quantiles) const;

    bool non_negative_;
    std::size_t horizon_;
    Ensemble ensemble_;
    BacktestInterval interval_;
    Safeguard safeguard_;
    std::vector<ResidualQuantiles> quantiles_;  // for each block
    std::vector<Issue> issues_;                 // a ring of one horizon
    std::size_t next_ = 0;
    std::array<std::vector<double>, 2> naive_;   // the same ring, flat: [issue][step]
    std::vector<ResidualQuantiles::Said> said_;  // of one block, while it matures
    mutable std::vector<double> spread_, lower_, upper_, p90_, p99_;
};

}  // namespace sitepower::forecast
