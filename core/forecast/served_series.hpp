// One declared series as the daemon serves it: collects values into steps, keeps the forecaster, matches
// forecasts with what came, and notices anomalies and drift. Owned by the forecast thread, one thread at a
// time. Time comes in with the values. What takes long (a refit, tens of milliseconds) is never done inside
// value(): news say that it is due, and the owner calls refit() and adopt() when it suits.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/forecast/accuracy.hpp"
#include "core/forecast/anomaly.hpp"
#include "core/forecast/counter.hpp"
#include "core/forecast/covariates.hpp"
#include "core/forecast/drift.hpp"
#include "core/forecast/event.hpp"
#include "core/forecast/forecaster.hpp"
#include "core/forecast/issued_forecasts.hpp"
#include "core/forecast/registry.hpp"
#include "core/forecast/series_kind.hpp"
#include "core/forecast/step_collector.hpp"

namespace sitepower::forecast {

inline constexpr std::array horizon_classes{HorizonClass::short_15min, HorizonClass::medium_60min,
                                            HorizonClass::long_48h};

struct ServedSeriesSetup {
    std::string name;
    SeriesKind kind = SeriesKind::service;
    ForecasterSetup forecaster;
    // The values are readings of a register that counts up; what is forecast is the amount of a step.
    std::optional<CounterSettings> counter{};
    std::vector<Covariate> covariates{};  // at most Covariates::most
};

// A forecast that was said and what came; of long horizons the mean of an hour.
struct MatchedForecast {
    HorizonClass horizon{};
    Time issued_at;
    ForecastStep said;
    double baseline = 0;  // its point without the events in force at the time
    double actual = 0;
    std::uint32_t model_version = 0;  // that said it
};

// What values brought about.
struct SeriesNews {
    std::vector<ClosedStep> closed;  // oldest first; when there is one there are new forecasts
    std::vector<MatchedForecast> matched;
    bool hour_closed = false;  // the long horizon is new, too
    std::optional<AnomalyEvent> anomaly{};
    double anomalous_value = 0;
    std::optional<double> expected{};
    Drift drift = Drift::none;
    bool level_shift = false;

    bool step_closed() const { return !closed.empty(); }
};

// A step that a late value changed, and the forecasts of it as they score now.
struct Correction {
    ClosedStep step;
    std::vector<MatchedForecast> matched;
};

// A forecaster that was fitted anew beside the one in force, and how it did on its back-test.
struct Refit {
    std::unique_ptr<Forecaster> forecaster;
    BacktestMetrics metrics;
};

class ServedSeries {
  public:
    // `events` may be shared by all series of a site and must outlive this; nullptr: none.
    static Result<std::unique_ptr<ServedSeries>> make(const ServedSeriesSetup& setup,
                                                      const EventBook* events);

    // A value of the point. Values of a step are averaged (amounts of a counter summed, those of a gap spread
    // over it by what was forecast); the step is closed by the first value after it. Late values, those of a
    // closed step, are left out: false in `accepted`. Values may lie ahead of `now` (published prices): then
    // what is forecast from them is issued now, and not at their time.
    SeriesNews value(Time time, double value, bool* accepted = nullptr, Time now = Time::max());
    // A value that value() left out because its step is closed: what was forecast of the step is scored by
    // its mean with it. What has been learnt stays. nullopt: too late for that, too, or it changes nothing.
    std::optional<Correction> correct(Time time, double value);
    // A value of a covariate, of the past, the present or a time to come.
    void covariate(std::size_t which, Time time, double value, Time now) {
        covariates_.value(which, time, value, now);
    }
    // Others than before begin anew; all else goes on.
    void declare(std::vector<Covariate> covariates);
    const Covariates& covariates() const { return covariates_; }
    void set_largest_rate(double per_second) { collector_.set_largest_rate(per_second); }
    // Nothing has come for a while: closes a step that is over.
    SeriesNews tick(Time now);
    // A closed step of the past, from storage, in the order of time: as if its values had come.
    SeriesNews replay(const ClosedStep& step, Time now = Time::max());

    // With the events in force at the time that is forecast. Errors as Forecaster::forecast.
    Result<std::vector<ForecastStep>> forecast(HorizonClass horizon, std::size_t steps = 48) const;
    // What another forecaster of this series says, likewise.
    Result<std::vector<ForecastStep>> forecast_by(const Forecaster& forecaster, HorizonClass horizon,
                                                  std::size_t steps) const;
    // The same for any time up to 48 h ahead; `given` covariates of it go before those that are known, by
    // index, NaN: not given.
    Result<IssuedStep> forecast_at(Time valid_at, std::span<const double> given = {}) const;
    // Whether a covariate of that time had to be made up for it.
    bool substituted_at(Time valid_at, std::span<const double> given = {}) const;
    AccuracyFigures accuracy(HorizonClass horizon, AccuracyWindow window, Time now) const;
    // Share of the last 100 matched forecasts that lay within a tenth of the larger of the actual value and
    // the scale, less what the data are old: nothing is left of it after a day without any. nullopt below
    // thirty matches.
    std::optional<double> confidence(HorizonClass horizon, Time now) const;

    // After drift, a new level, or another day of a young series.
    bool refit_due() const { return refit_due_ || forecaster_->refit_due(); }
    // The forecaster of now fitted anew; does not change this one. insufficient_data before there is a day of
    // hours.
    Result<Refit> refit() const;
    // One from scratch: fitted on the steps up to `fit_until`, then fed with those after it. Errors likewise.
    Result<Refit> refit_from(std::span<const ClosedStep> steps, Time fit_until) const;
    // Puts it into force, with the steps that came meanwhile missing: adopt before the next value.
    void adopt(Refit refit, Time now = Time::max());
    // What an event did is known now: the values of steps that touch [from, to), cleaned by what was taken
    // for it, are multiplied by `factor` of their beginning. Takes as long as a refit.
    void clean_again(Time from, Time to, const std::function<double(Time)>& factor) {
        forecaster_->clean_again(from, to, factor);
    }
    // Nothing better came of it: no longer due.
    void keep();
    // What is forecast from now on is said by this version.
    void speak_as(std::uint32_t model_version) { model_version_ = model_version; }

    const std::string& name() const { return setup_.name; }
    const ServedSeriesSetup& setup() const { return setup_; }
    const Forecaster& forecaster() const { return *forecaster_; }
    bool anomalous() const { return anomaly_.active(); }

    // Everything, so that a reloaded one goes on bit for bit: also the open step, a counter's last reading,
    // forecasts that wait for their actual values, and accuracy.
    std::vector<std::byte> save() const;
    // Refuses what is not of such a series; then this one is as new.
    Status load(std::span<const std::byte> blob);

  private:
    static constexpr std::size_t classes = 3;
    static constexpr std::size_t most_pending = 64;
    static constexpr std::size_t most_settled = StepCollector::kept_steps;
    static constexpr std::size_t confidence_matches = 100;

    ServedSeries(const ServedSeriesSetup& setup, const EventBook* events,
                 std::unique_ptr<Forecaster> forecaster);

    struct Recent {
        std::array<std::uint8_t, confidence_matches> close{};
        std::uint64_t matched = 0;
    };
    struct Pending {
        std::optional<double> actual{};  // since it is matched
        Time issued_at;
        ForecastStep said;
        double baseline = 0;
        double plain = 0;  // without covariates
        CovariateEffect effect{};
        std::uint32_t model_version = 0;
    };

    void take(const ClosedStep& step, Time now, SeriesNews& news);
    void take_all(Time now, SeriesNews& news);
    void observe(const ClosedStep& step, SeriesNews& news);
    void match(Time valid_at, double actual, SeriesNews& news);
    void match_hour(const ClosedStep& step, Time now, SeriesNews& news);
    void close_hour(Time now, SeriesNews& news);
    void matched(HorizonClass horizon, Pending& pending, double actual, SeriesNews& news);
    void settle(HorizonClass horizon, const Pending& pending);
    void rescore(HorizonClass horizon, Time valid_at, double actual, Correction& correction);
    void match_all_of(Time hour, double mean, Time now);
    void remember(HorizonClass horizon, Time now);
    static MatchedForecast told(HorizonClass horizon, const Pending& pending);
    IssuedStep with_covariates(const CovariateEffect& effect, const IssuedStep& plain) const;
    IssuedStep with_events(const IssuedStep& step, Time begin, Duration length) const;
    double event_factor(Time step) const;
    bool in_event(Time begin, Duration length) const;
    Duration length_of(HorizonClass horizon) const;
    double expected_amount(Time step) const;
    static void put_one(BlobWriter& writer, const Pending& one);
    static void get_one(BlobReader& reader, Pending& one);
    void put_pending(BlobWriter& writer) const;
    void get_pending(BlobReader& reader);
    bool load_parts(BlobReader& reader);

    ServedSeriesSetup setup_;
    const EventBook* events_;
    std::unique_ptr<Forecaster> forecaster_;
    StepCollector collector_;
    AnomalyDetector anomaly_;
    DriftDetector drift_;
    Covariates covariates_;
    bool refit_due_ = false;
    std::uint32_t model_version_ = 0;
    std::optional<Time> hour_;  // whose observed steps are summed
    double hour_sum_ = 0;
    std::uint32_t hour_values_ = 0;
    std::array<std::vector<Pending>, classes> pending_;  // by class, oldest first
    std::array<std::deque<Pending>, classes> settled_;   // those whose time is over, likewise
    IssuedForecasts issued_;                             // of the long horizon
    std::array<Accuracy, classes> accuracy_;
    std::array<Recent, classes> recent_;
};

}  // namespace sitepower::forecast
