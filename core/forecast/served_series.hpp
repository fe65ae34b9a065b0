// One declared series as the daemon serves it: collects values into steps, keeps the forecaster, matches
// forecasts with what came, and notices anomalies and drift. Owned by the engine; one thread. Time comes in
// with the values.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/forecast/accuracy.hpp"
#include "core/forecast/anomaly.hpp"
#include "core/forecast/counter.hpp"
#include "core/forecast/drift.hpp"
#include "core/forecast/event.hpp"
#include "core/forecast/forecaster.hpp"

namespace sitepower::forecast {

enum class SeriesKind : std::uint8_t { consumption, price, service };

struct ServedSeriesSetup {
    std::string name;
    SeriesKind kind = SeriesKind::service;
    ForecasterSetup forecaster;
    // The values are readings of a register that counts up; what is forecast is the amount of a step.
    std::optional<CounterSettings> counter{};
};

// What a value brought about.
struct SeriesNews {
    bool step_closed = false;  // there are new forecasts
    std::optional<AnomalyEvent> anomaly{};
    double anomalous_value = 0;
    std::optional<double> expected{};
    Drift drift = Drift::none;
    bool retrained = false;
    bool level_shift = false;
};

class ServedSeries {
  public:
    // `events` may be shared by all series of a site and must outlive this; nullptr: none.
    static Result<std::unique_ptr<ServedSeries>> make(const ServedSeriesSetup& setup,
                                                      const EventBook* events);

    // A value of the point. Values of a step are averaged (amounts of a counter summed); the step is closed
    // by the first value after it. Late values, those before the open step, are left out: false in
    // `accepted`.
    SeriesNews value(Time time, double value, bool* accepted = nullptr);
    // Nothing has come for a while: closes a step that is over.
    SeriesNews tick(Time now);

    // With the events in force at the time that is forecast. Errors as Forecaster::forecast.
    Result<std::vector<ForecastStep>> forecast(HorizonClass horizon, std::size_t steps = 48) const;
    AccuracyFigures accuracy(HorizonClass horizon, AccuracyWindow window, Time now) const;
    // Share of the last 100 matched forecasts that lay within a tenth of the larger of the actual value and
    // the scale; nullopt below thirty.
    std::optional<double> confidence(HorizonClass horizon) const;

    void retrain() { forecaster_->retrain(); }
    const std::string& name() const { return setup_.name; }
    const Forecaster& forecaster() const { return *forecaster_; }

    // The forecaster's state; accuracy starts again, from the forecasts that are stored.
    std::vector<std::byte> save() const { return forecaster_->save(); }
    Status load(std::span<const std::byte> blob) { return forecaster_->load(blob); }

  private:
    static constexpr std::size_t classes = 3;
    static constexpr std::size_t most_pending = 64;
    static constexpr std::size_t confidence_matches = 100;

    ServedSeries(const ServedSeriesSetup& setup, const EventBook* events,
                 std::unique_ptr<Forecaster> forecaster);

    struct Recent {
        std::array<std::uint8_t, confidence_matches> close{};
        std::uint64_t matched = 0;
    };

    SeriesNews close_step();
    void match(Time valid_at, double actual, SeriesNews& news);
    void match_hour(Time step_begin, double actual);
    void matched(HorizonClass horizon, const ForecastStep& said, double actual);
    void remember(HorizonClass horizon);
    Time step_of(Time time) const;

    ServedSeriesSetup setup_;
    const EventBook* events_;
    std::unique_ptr<Forecaster> forecaster_;
    std::optional<Counter> counter_;
    AnomalyDetector anomaly_;
    DriftDetector drift_;
    std::optional<Time> open_;  // the step that values are collected for
    double sum_ = 0;
    std::uint32_t values_ = 0;
    double hour_sum_ = 0;
    std::uint32_t hour_values_ = 0;
    std::array<std::vector<ForecastStep>, classes> pending_;  // by class, oldest first
    std::array<Accuracy, classes> accuracy_;
    std::array<Recent, classes> recent_;
};

}  // namespace sitepower::forecast
