// All series of a site: their forecasters, known events, the versions of their models and the jobs that make
// new ones. Deterministic; time comes in. Owned by the app and used on the forecast thread only; what it
// brings about is collected and taken with take_effects().
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/forecast/registry.hpp"
#include "core/forecast/served_series.hpp"
#include "daemon/forecast/latest_forecasts.hpp"
#include "daemon/forecast/report.hpp"
#include "daemon/forecast/settings.hpp"

namespace sitepower {

// Where a book finds what was kept before a restart: the store, or a test. Errors as of the store.
class SeriesMemory {
  public:
    virtual ~SeriesMemory() = default;
    virtual Result<StoredSeries> stored_series(const std::string& series, Time from) = 0;
    virtual Result<std::vector<forecast::ClosedStep>> series_steps(const std::string& series, Time from,
                                                                   Time to) = 0;
    virtual Result<MatchedAnswer> matched_forecasts(const MatchedQuestion& question) = 0;
    virtual Result<std::vector<forecast::ModelVersion>> models() = 0;
    virtual Result<std::vector<SeriesEvent>> known_events() = 0;
    virtual Result<std::vector<Job>> jobs(std::size_t limit) = 0;
};

struct SeriesSample {
    std::uint32_t series = 0;  // its place in ForecastSettings::series
    Time time;
    double value = 0;
    std::optional<std::uint32_t> covariate{};  // of that series, whose value it is; empty: its own
};

// What speaks for the long horizon: a naive forecast that stands in, or the expert of the most weight.
std::string method_of(const forecast::Forecaster& forecaster);

class SeriesBook {
  public:
    static constexpr std::size_t kept_jobs = 200;
    static constexpr std::size_t most_queued_jobs = 100;

    // `latest` must outlive it.
    explicit SeriesBook(LatestForecasts& latest) : latest_(latest) {}

    // The series of a configuration: those that did not change go on, new ones are restored from `memory`,
    // which the first call reads whole. What cannot be read is tried again by work(); until it is read, such
    // series serve as new ones, and of them only steps and matched forecasts are kept.
    void configure(const ForecastSettings& settings, SeriesMemory& memory, Time now);
    // Values, in the order of time for each series; then steps that are over by `now` are closed.
    void take(std::span<const SeriesSample> samples, Time now);
    // What takes long, one piece a call: a job, or a refit that is due. True: it has done one.
    bool work(SeriesMemory& memory, Time now);
    // The states of all series, for an orderly stop.
    void keep_states(Time now);
    ForecastEffects take_effects();

    // Names in the order of the configuration.
    std::vector<std::string> names() const;
    // Null: there is no such series.
    const forecast::ServedSeries* find(std::string_view series) const;
    const SeriesSettings* settings(std::string_view series) const;
    SeriesReport report(std::string_view series, Time now) const;
    // What has been published of a step that is not over.
    std::optional<double> known(std::string_view series, Time step) const;
    // Hours from now on, those that are published first, then those of `forecast`; at most 48.
    std::vector<forecast::ForecastStep> after_known(std::string_view series,
                                                    std::vector<forecast::ForecastStep> forecast,
                                                    Time now) const;
    std::uint32_t model_version(std::string_view series) const;

    std::span<const forecast::ModelVersion> models() const { return registry_.versions(); }
    // A job that refits the series: on what its model holds, or on the steps of the last `training_days`.
    // Errors: not_found, insufficient_data, conflict (one is queued already, or the queue is full).
    Result<Job> retrain(std::string_view series, std::optional<std::int64_t> training_days, Time now);
    // Puts a kept version into force: fits it again on the steps that it was trained on. The one that is in
    // force is left as it is. Errors: not_found,
    // insufficient_data where the store has them no more.
    Result<forecast::ModelVersion> activate(std::string_view series, std::uint32_t version,
                                            SeriesMemory& memory, Time now);

    std::span<const SeriesEvent> events() const { return events_; }
    // Errors as EventBook::add; not_found for a series that there is not; validation_error for one that
    // begins before what models hold or ends too far ahead. No series: all of them. What has been learnt
    // inside it already is cleaned of it. This and all that follows is service_unavailable while what was
    // kept cannot be read.
    Result<SeriesEvent> add_event(SeriesEvent event, SeriesMemory& memory, Time now);
    // One that runs is over now. Where it can be told what it did until then, that is what it did; else
    // nothing. Errors: not_found, conflict (it is over or cancelled).
    Result<SeriesEvent> cancel_event(std::string_view id, Time now);

    const std::deque<Job>& jobs() const { return jobs_; }
    // Errors: not_found, conflict (it is not queued any more).
    Result<Job> cancel_job(std::string_view id, Time now);

  private:
    struct Served {
        SeriesSettings settings;
        std::unique_ptr<forecast::EventBook> events;
        std::unique_ptr<forecast::ServedSeries> series;
        std::map<std::string, std::vector<forecast::StepInEvent>> in_event;  // by event
        std::map<Time, double> known;  // of a price: the steps that are not over, as far as published
        std::optional<Time> told_at;
        std::optional<Time> came_at;  // the last value of its own
        std::uint64_t too_late = 0;   // values that were left out since that was last told,
        std::uint64_t ahead = 0;
        std::uint64_t negative = 0;  // values below 0 of what cannot be negative, likewise
        std::optional<Time> left_out_told_at;
        bool tell = false;
        bool anomalous = false;
        std::optional<std::int64_t> trained_day;  // of the local calendar
        std::string refit_why;
        bool unread = false;  // what is kept of it could not be read yet
        std::vector<std::pair<Time, forecast::ClosedStep>> unread_steps{};  // since then, and when they came
    };

    Status read_memory(SeriesMemory& memory, Time now);
    bool read_again(SeriesMemory& memory, Time now);
    Served make(const SeriesSettings& settings, SeriesMemory& memory, Time now);
    Served new_series(const SeriesSettings& settings, Time now) const;
    Result<Served> restored(const SeriesSettings& settings, SeriesMemory& memory, Time now);
    static Error not_read_yet();
    void fill_events(Served& served, Time now) const;
    static void note_in_event(Served& served, const forecast::MatchedForecast& match);
    static Status read_in_event(Served& served, SeriesMemory& memory, std::string_view only = {});
    void note(Served& served, const forecast::SeriesNews& news, Time now);
    static void note_known(Served& served, const SeriesSample& published, Time now);
    void report_known(const Served& served, SeriesReport& report, Time now) const;
    // `day`: whose refit it is, where the past is told.
    void fit(Served& served, Time day, Time now);
    void note_anomaly(Served& served, const forecast::SeriesNews& news);
    void take_own(Served& served, const SeriesSample& sample, Time& fitted_at, Time now);
    void correct(Served& served, const SeriesSample& sample);
    void tell_left_out(Served& served, Time now);
    void tell(Served& served, Time now);
    void publish(const Served& served, const SeriesReport& report);
    bool run_job(SeriesMemory& memory, Time now);
    Result<forecast::Refit> refit_for(Served& served, const Job& job, SeriesMemory& memory, Time now);
    bool is_due(Served& served, Time now);
    Result<bool> finish_refit(Served& served, forecast::Refit refit, Time from, Time now);
    void keep_state(Served& served, Time now);
    void keep_models(std::string_view name);
    void keep_job(const Job& job);
    void close_events(Time now);
    void clean_again(Served& served, const forecast::Event& event, const forecast::EventBook& before,
                     Time now);
    void apply_event(const SeriesEvent& event, Time now);
    Served* find_served(std::string_view series);
    const Served* find_served(std::string_view series) const;
    Job* find_job(std::string_view id);
    std::string new_id(std::string_view prefix, Time now);

    LatestForecasts& latest_;
    std::vector<Served> series_;
    std::shared_ptr<const forecast::PriorLibrary> prior_;
    std::vector<forecast::EventType> own_types_;  // of events
    bool read_ = false;                           // versions, events and jobs
    std::size_t looked_at_ = 0;                   // the series that was last tried again
    forecast::ModelRegistry registry_;
    std::vector<SeriesEvent> events_;
    std::deque<Job> jobs_;  // oldest first
    std::uint64_t ids_ = 0;
    ForecastEffects effects_;
};

}  // namespace sitepower
