// The forecaster of one series: fills gaps, clips outliers, aggregates to the hourly grid, and keeps the
// forecasts of the short, medium and long horizons up to date with every sample. Says what it cannot do and
// what is missing for it. Owned by the engine (or by sitepower-lab), one for each series; one thread at a
// time. Deterministic; its whole state is one blob, and a reloaded one continues bit for bit.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/forecast/horizon_forecaster.hpp"
#include "core/forecast/long_forecaster.hpp"
#include "core/forecast/outlier_filter.hpp"

namespace sitepower::forecast {

struct ForecasterSetup {
    Duration step{300'000};    // of the samples; divides an hour, or is an hour
    bool non_negative = true;  // loads, requests, percent; false: prices and signed values
    double resolution = 0;     // of the sensor: half-width of the interval of a constant series
    CivilClock clock;          // local civil time of the place
    std::shared_ptr<const PriorLibrary> prior;
    // False: update() never fits the long horizon, which takes tens of milliseconds; whoever feeds it calls
    // retrain() when refit_due() says so.
    bool refits_itself = true;
};

enum class HorizonClass : std::uint8_t { short_15min, medium_60min, long_48h };

struct ForecastStep {
    Time valid_at;
    IssuedStep forecast;
};

// What was done about a sample.
struct SampleVerdict {
    bool accepted = false;  // false: not finite, or older than the newest one
    bool outlier = false;   // clipped for the experts
    bool level_shift = false;
    std::size_t imputed = 0;           // steps of a gap that were filled in before it
    double p_value = 1;                // of its one-step error among past ones
    std::optional<double> expected{};  // what the one-step forecast said
};

class Forecaster {
  public:
    // A step that does not divide an hour is refused.
    static Result<std::unique_ptr<Forecaster>> make(const ForecasterSetup& setup);

    // Fits from scratch on a grid of this step; what is missing in it is filled in. Errors: another step.
    Status fit(const RegularSeries& history);
    // The sample of one step; gaps before it are filled in first, and after more than a week the series
    // begins anew. Does not allocate, but at the end of a day.
    SampleVerdict update(Time time, double value);
    // A step whose value was worked out and not measured: kept, and not learnt from.
    void fill(Time time, double value);
    // The nightly refit, from the values it holds: of the long horizon, of the domain of the short ones where
    // it is no longer theirs, and of what is forecast at the newest value.
    void retrain();
    // What it was told of the steps that touch [from, to) is multiplied by `factor` of their beginning, and
    // all is fitted again: by the values as they came, for by another factor they are no outliers. Of what it
    // made up itself in a gap nothing is.
    void clean_again(Time from, Time to, const std::function<double(Time)>& factor);
    // A young series has grown by a day since its last fit.
    bool refit_due() const { return refit_due_; }

    // insufficient_data, with what is missing, where the history is too short (a day for
    // long horizons, two samples for anything). The horizons of one step: one element; long: hourly means, up
    // to 48.
    Result<std::vector<ForecastStep>> forecast(HorizonClass horizon, std::size_t steps = 48) const;

    // What is expected at a time up to 48 h ahead: in a straight line between the middles of the hours of the
    // long horizon; of an hourly series the hour itself. validation_error with the limit beyond it.
    Result<IssuedStep> forecast_at(Time valid_at) const;

    // Mean change of a value from one day to the next at the last fit, on the grid of the horizon: what the
    // errors of its forecasts are measured against. 0 when there is none.
    double naive_scale(HorizonClass horizon) const;
    bool constant() const { return constant_ && samples_ > 1; }
    std::size_t samples() const { return samples_; }
    // More than a fifth of the last week was filled in: forecasts come from what needs least.
    bool degraded() const;
    Time newest() const { return newest_; }
    const ForecasterSetup& setup() const { return setup_; }
    const LongForecaster& long_horizon() const { return long_; }
    const std::vector<HorizonForecaster>& short_horizons() const { return horizons_; }

    std::vector<std::byte> save() const;
    // Refuses a blob of another version, step or shape; then nothing has changed but that the state is empty.
    Status load(std::span<const std::byte> blob);

  private:
    explicit Forecaster(const ForecasterSetup& setup);

    std::uint16_t fine_slot(Time time) const;
    std::uint16_t hour_slot(Time time) const;
    void clear();
    void take(Time time, double value, bool learnable, double told);
    std::size_t fill_gap(Time time, double value);
    void close_hour();
    void close_day();
    void watch_constant(double value);
    Status enough_for(HorizonClass horizon) const;
    std::vector<ForecastStep> constant_forecast(HorizonClass horizon, std::size_t steps) const;
    IssuedStep as_of_a_step(IssuedStep hour) const;
    std::vector<ForecastStep> long_forecast(std::size_t steps) const;
    TwoDomains fine_history() const;
    void refit_transform();
    const HorizonForecaster& next_step() const { return horizons_.front(); }

    ForecasterSetup setup_;
    Seasons seasons_;
    Transform transform_;
    bool transform_of_first_value_ = false;  // until a refit has seen more
    HistoryBuffer fine_;
    std::vector<HorizonForecaster> horizons_;  // one step; 15 min; 60 min (where the grid has them)
    LongForecaster long_;
    OutlierFilter outliers_;
    double step_scale_ = 0;  // naive_scale() of single steps
    Time newest_{};
    std::uint64_t samples_ = 0;
    // The hour in progress.
    double hour_sum_ = 0;
    std::uint32_t hour_values_ = 0;
    std::uint32_t hour_learnable_ = 0;
    bool refit_due_ = false;
    bool fitting_ = false;  // the long horizon is fitted once, at the end
    bool constant_ = true;
    double constant_value_ = 0;
};

}  // namespace sitepower::forecast
