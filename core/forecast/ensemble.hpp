// The univariate forecaster of the long horizons: experts E1 to E5 in a raw and a transformed domain over an
// hourly (or coarser) grid, weighted by a back-test over rolling origins of the last weeks and combined by
// the weighted midmean. Owned by a Forecaster; one thread at a time. Deterministic: the same calls give the
// same bits.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/forecast/direct_ridge/prior.hpp"
#include "core/forecast/expert.hpp"
#include "core/forecast/history_buffer.hpp"
#include "core/forecast/transform.hpp"

namespace sitepower::forecast {

struct EnsembleSetup {
    Seasons seasons;
    std::size_t horizon = 48;
    std::size_t longest_history = 1440;  // steps that are kept: sixty days of hours
    Domain domain = Domain::log;         // log for what cannot be negative, else asinh
    // Shapes must match; may be empty: purely local.
    std::shared_ptr<const PriorLibrary> prior;
};

// One rolling origin: what was forecast there (by the weights of all origins), and what came.
struct BacktestOrigin {
    std::vector<double> forecast;
    std::vector<double> actual;
    std::vector<std::uint8_t> scored;  // 0: the actual was filled in
};

class Ensemble {
  public:
    explicit Ensemble(const EnsembleSetup& setup);

    static constexpr std::size_t most_origins = 9;      // of the back-test, a horizon apart,
    static constexpr std::size_t weighing_origins = 3;  // of which the last ones say what a member weighs

    // `values` finite; `learnable` and `slots` as in History, slots with the horizon behind the values. Keeps
    // the last longest_history of them. At least a day is needed: with less, nothing is fitted.
    void fit(std::span<const double> values, std::span<const std::uint8_t> learnable,
             std::span<const std::uint16_t> slots);
    // From the values it holds: what nightly retraining does.
    void refit();
    // A value it holds, the newest being 0 steps back; asks for a refit.
    void multiply(std::size_t steps_back, double factor) {
        if (steps_back < buffer_.size()) buffer_.multiply(buffer_.size() - 1 - steps_back, factor);
    }
    // The next value, finite. Does not allocate.
    void update(double value, bool learnable, std::uint16_t slot);
    void set_future_slots(std::span<const std::uint16_t> slots) { buffer_.set_future_slots(slots); }

    bool fitted() const { return fitted_; }
    // Combined, in raw units, up to the horizon; does not allocate.
    void forecast(std::span<double> values) const;
    // The same, and how far apart the experts were: their weighted mean distance from it, at each step.
    void forecast(std::span<double> values, std::span<double> spread) const;

    // What the daily (0) or weekly (1) seasonal naive says: the floor that a safeguard falls back to.
    void naive_forecast(std::size_t member, std::span<double> values) const;

    struct Member {
        std::string name;  // "double_seasonal/log"
        double weight = 0;
        std::optional<double> error;  // MASE and sMAPE over the back-test, relative to typical ones
    };
    const std::vector<Member>& members() const { return members_; }
    const std::vector<BacktestOrigin>& backtest() const { return backtest_; }
    // mean |y[t] - y[t - day]| of the history at the fit; 0 when there is none.
    double naive_scale() const { return naive_scale_; }
    History history() const { return buffer_.view(HistoryBuffer::raw); }

    void save(BlobWriter& writer) const;
    void load(BlobReader& reader);

  private:
    struct Seat {
        std::size_t expert = 0;
        std::size_t member = 0;
        std::size_t domain = 0;
        std::size_t needs = 0;
    };

    void seat(std::unique_ptr<Expert> expert, std::size_t domain, std::span<const std::size_t> members,
              std::string_view domain_name);
    void seat_experts();
    void member_forecast(std::size_t seat, std::size_t back, std::span<double> values) const;
    void combine(std::span<const double> forecasts, std::span<double> values, std::span<double> spread) const;
    void run_backtest(std::size_t count);
    void note_origin(std::size_t origin, std::size_t back);
    void weigh(std::size_t back, std::span<const double> forecasts);
    double member_error(std::span<const double> forecasts, std::size_t seat) const;
    void fill_backtest(std::span<const double> forecasts);

    EnsembleSetup setup_;
    HistoryBuffer buffer_;
    Transform transform_;
    std::vector<std::unique_ptr<Expert>> experts_;
    std::vector<std::size_t> domain_of_;  // of each expert
    std::vector<Seat> seats_;
    std::vector<Member> members_;
    std::vector<BacktestOrigin> backtest_;
    double naive_scale_ = 0;
    bool fitted_ = false;
    mutable std::vector<double> forecasts_;  // [seat][step]
    mutable std::vector<double> spread_;
};

}  // namespace sitepower::forecast
