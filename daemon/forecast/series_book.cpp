#include "daemon/forecast/series_book.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace sitepower {

using forecast::HorizonClass;
using forecast::ServedSeries;

namespace {

// A value travels a second or two from its device; the step it belongs to waits so long for it.
constexpr Duration grace{10'000};
// The message of a series is some kilobytes: with shorter steps it is told this often, and at each hour.
constexpr Duration tell_interval{300'000};
// What a model is restored from when its state is of no use.
constexpr Duration longest_memory{std::chrono::hours{60 * 24}};
constexpr std::size_t most_hours = 48;
// A value that is so old was not measured just now: somebody tells the past.
constexpr Duration past = one_day;
constexpr std::size_t most_matched_in_events = 1000;  // hours, after a start
// A sender that is late is late all day.
constexpr Duration left_out_is_news = one_hour;
// By then the store has committed a step (commit_interval_ms).
constexpr Duration longest_commit{120'000};

// What is known leaves nothing to chance.
forecast::ForecastStep exactly(Time valid_at, double value) {
    return {.valid_at = valid_at,
            .forecast = {.point = value,
                         .quantiles = {.p50 = value,
                                       .p90 = value,
                                       .p99 = value,
                                       .lower95 = value,
                                       .upper95 = value,
                                       .calibrated = true,
                                       .p99_calibrated = true}}};
}

std::vector<std::string> features_of(const forecast::ServedSeries& series, const forecast::EventBook& events,
                                     Time now) {
    std::vector<std::string> features{"own_history"};
    if (series.forecaster().long_horizon().fitted()) {
        features.emplace_back("hour_of_day");
        features.emplace_back("day_of_week");
    }
    const Time end = now + std::chrono::hours{48};
    const bool known_event = std::ranges::any_of(events.events(), [&](const forecast::Event& event) {
        return event.start < end && event.over_at() > now;
    });
    if (known_event) features.emplace_back("known_events");
    const auto& covariates = series.covariates();
    if (covariates.used(false) || covariates.used(true)) {
        for (const auto& one : covariates.declared()) features.push_back("covariate:" + one.name);
    }
    return features;
}

// In the unit that its readings are fed in.
std::optional<forecast::CounterSettings> counter_of(const SeriesSettings& settings) {
    auto counter = settings.counter;
    if (!counter) return counter;
    counter->wraps_at *= rate_factor(settings);
    counter->largest_rate *= rate_factor(settings);
    return counter;
}

forecast::ServedSeriesSetup setup_of(const SeriesSettings& settings,
                                     std::shared_ptr<const forecast::PriorLibrary> prior) {
    return {.name = settings.id,
            .kind = settings.kind,
            .forecaster = {.step = settings.step,
                           .non_negative = settings.non_negative,
                           .resolution = settings.resolution,
                           .clock = settings.clock,
                           .prior = std::move(prior)},
            .counter = counter_of(settings),
            .covariates = settings.covariates};
}

}  // namespace

std::string method_of(const forecast::Forecaster& forecaster) {
    if (forecaster.constant()) return "constant";
    const auto& hours = forecaster.long_horizon();
    if (!hours.fitted()) return "last_value";
    if (hours.safeguarded() || forecaster.degraded()) return "seasonal_naive";
    const auto& members = hours.ensemble().members();
    const auto most = std::ranges::max_element(members, {}, &forecast::Ensemble::Member::weight);
    return most == members.end() ? "last_value" : most->name;
}

std::string stored_name(const SeriesSettings& series) {
    return fmt::format("{}@{:x}", series.id, series.fingerprint);
}

void SeriesBook::configure(const ForecastSettings& settings, SeriesMemory& memory, Time now) {
    if (const auto read = read_memory(memory, now); !read) {
        effects_.troubles.push_back(
            "what is kept of models, events and jobs cannot be read; until it can be, all series are "
            "forecast "
            "as new ones: " +
            read.error().message);
    }
    prior_ = settings.prior;
    const bool other_types = std::exchange(own_types_, settings.event_types) != settings.event_types;
    std::vector<Served> before = std::move(series_);
    series_.clear();
    for (const auto& wanted : settings.series) {
        const auto old = std::ranges::find(before, wanted.id, [](const Served& s) { return s.settings.id; });
        if (old != before.end() && old->settings.fingerprint == wanted.fingerprint) {
            old->settings = wanted;
            old->series->declare(wanted.covariates);
            if (const auto counter = counter_of(wanted)) old->series->set_largest_rate(counter->largest_rate);
            if (other_types) fill_events(*old, now);
            series_.push_back(std::move(*old));
            before.erase(old);
        } else {
            series_.push_back(make(wanted, memory, now));
        }
        series_.back().tell = true;
    }
    for (const auto& old : before) {
        if (find_served(old.settings.id) != nullptr) continue;
        latest_.forget(old.settings.id);
        effects_.removed.push_back(old.settings.id);
    }
    for (auto& served : series_) tell(served, now);
}

Status SeriesBook::read_memory(SeriesMemory& memory, Time now) {
    if (read_) return Done{};
    auto models = memory.models();
    if (!models) return models.error();
    auto events = memory.known_events();
    if (!events) return events.error();
    auto jobs = memory.jobs(kept_jobs);
    if (!jobs) return jobs.error();
    read_ = true;
    registry_.restore(std::move(models.value()));
    events_ = std::move(events.value());
    for (auto& job : jobs.value()) {
        if (job.status == JobStatus::queued || job.status == JobStatus::running) {
            job.status = JobStatus::failed;
            job.ended_at = now;
            job.result = "cut off by a restart of sitepowerd: ask again";
            keep_job(job);
        }
        jobs_.push_back(std::move(job));
    }
    return Done{};
}

// One series a call, in turn: reading may take long, also when it fails. True: it is read.
bool SeriesBook::read_again(SeriesMemory& memory, Time now) {
    if (series_.empty() || !read_memory(memory, now)) return false;
    Served& served = series_[++looked_at_ % series_.size()];
    if (!served.unread) return false;
    auto again = restored(served.settings, memory, now);
    if (!again) return false;
    for (const auto& [came_at, step] : served.unread_steps) {
        again->series->replay(step, now);
        if (!served.settings.price.empty())
            note_known(*again, {.series = 0, .time = step.begin, .value = step.value}, now);
    }
    served = std::move(again.value());
    effects_.troubles.push_back(
        fmt::format("series {} goes on from what is kept of it: it could be read", served.settings.id));
    tell(served, now);
    return true;
}

Error SeriesBook::not_read_yet() {
    return {.code = ErrorCode::service_unavailable,
            .message = "what was kept before the start cannot be read yet: see the journal, and try again",
            .detail = {}};
}

SeriesBook::Served SeriesBook::make(const SeriesSettings& settings, SeriesMemory& memory, Time now) {
    if (read_) {
        auto served = restored(settings, memory, now);
        if (served) return std::move(served.value());
        effects_.troubles.push_back(
            fmt::format("what is kept of series {} cannot be read; until it can be, it is forecast as a new "
                        "one: {}",
                        settings.id, served.error().message));
    }
    Served served = new_series(settings, now);
    served.unread = true;
    return served;
}

SeriesBook::Served SeriesBook::new_series(const SeriesSettings& settings, Time now) const {
    Served served{.settings = settings,
                  .events = std::make_unique<forecast::EventBook>(),
                  .series = nullptr,
                  .in_event = {},
                  .known = {},
                  .told_at = {},
                  .came_at = {},
                  .left_out_told_at = {},
                  .trained_day = {},
                  .refit_why = {}};
    // The configuration has checked the step; there is no other error.
    served.series = std::move(ServedSeries::make(setup_of(settings, prior_), served.events.get()).value());
    fill_events(served, now);
    return served;
}

// In place: the series looks into it.
void SeriesBook::fill_events(Served& served, Time now) const {
    const auto& id = served.settings.id;
    const auto everybodys = forecast::event_types();
    std::vector<forecast::EventType> types(everybodys.begin(), everybodys.end());
    types.insert(types.end(), own_types_.begin(), own_types_.end());
    *served.events = forecast::EventBook(types);
    for (const auto& event : events_) {
        if (std::ranges::find(event.series, id) == event.series.end()) continue;
        static_cast<void>(served.events->add(event.event, now));
        const auto realised = event.realised.find(id);
        if (realised == event.realised.end()) continue;
        static_cast<void>(served.events->close(event.event.id, realised->second));
    }
}

// Errors of the memory.
Result<SeriesBook::Served> SeriesBook::restored(const SeriesSettings& settings, SeriesMemory& memory,
                                                Time now) {
    const auto name = stored_name(settings);
    const auto stored = memory.stored_series(name, now - longest_memory);
    if (!stored) return stored.error();
    Served served = new_series(settings, now);
    if (!settings.price.empty()) {
        const auto ahead = memory.series_steps(name, floor_to(now, one_hour), Time::max());
        if (!ahead) return ahead.error();
        for (const auto& step : *ahead) served.known.insert_or_assign(step.begin, step.value);
    }
    if (stored->state) {
        if (const auto loaded = served.series->load(stored->state->state); !loaded) {
            effects_.troubles.push_back(fmt::format("series {} is fitted again from its steps: {}",
                                                    settings.id, loaded.error().message));
        }
    }
    // Versions are of a declaration, as its state is: those of another one stand by.
    if (registry_.resume(settings.id, stored->state ? stored->state->model_version : 0))
        keep_models(settings.id);
    const auto* active = registry_.active(settings.id);
    served.series->speak_as(active == nullptr ? 0 : active->version);
    // What is matched again as steps are replayed is in the store.
    for (const auto& step : stored->steps) served.series->replay(step, now);
    if (const auto read = read_in_event(served, memory); !read) return read.error();
    if (!stored->steps.empty() && !served.series->forecaster().long_horizon().fitted()) {
        served.refit_why = "restart";
    }
    served.anomalous = served.series->anomalous();
    return served;
}

// What an event did is judged by forecasts from before it.
void SeriesBook::note_in_event(Served& served, const forecast::MatchedForecast& match) {
    if (match.horizon != HorizonClass::long_48h) return;
    for (const auto& event : served.events->events()) {
        const double share = event.share_of(match.said.valid_at, one_hour);
        if (share > 0 && match.issued_at <= event.start) {
            served.in_event[event.id].push_back(
                {.actual = match.actual, .baseline = match.baseline, .share = share});
        }
    }
}

// Of events that nobody has told yet what they did.
Status SeriesBook::read_in_event(Served& served, SeriesMemory& memory, std::string_view only) {
    const auto is_asked = [&](const forecast::Event& event) {
        return !event.cancelled_at && !event.realised_multiplier && (only.empty() || event.id == only);
    };
    std::optional<Time> from;
    std::optional<Time> to;
    for (const auto& event : served.events->events()) {
        if (!is_asked(event)) continue;
        from = std::min(from.value_or(event.start), event.start);
        to = std::max(to.value_or(event.end), event.end);
    }
    if (!from) return Done{};
    auto matched = memory.matched_forecasts({.series = stored_name(served.settings),
                                             .horizons = {HorizonClass::long_48h},
                                             .from = *from,
                                             .to = *to,
                                             .limit = most_matched_in_events});
    if (!matched) return matched.error();
    auto others = std::exchange(served.in_event, {});
    std::ranges::reverse(matched->matched);  // they come newest first
    for (const auto& row : matched->matched) note_in_event(served, row.match);
    std::erase_if(served.in_event,
                  [&](const auto& one) { return !is_asked(*served.events->find(one.first)); });
    served.in_event.merge(others);
    return Done{};
}

void SeriesBook::take(std::span<const SeriesSample> samples, Time now) {
    std::map<std::uint32_t, Time> fitted_at;  // by series: the step that it was fitted after
    for (const auto& sample : samples) {
        if (sample.series >= series_.size()) continue;
        Served& served = series_[sample.series];
        if (sample.covariate) {
            served.series->covariate(*sample.covariate, sample.time, sample.value, now);
            continue;
        }
        take_own(served, sample, fitted_at[sample.series], now);
    }
    for (auto& served : series_) {
        // Of a past that is told value by value a step is not over before its last one.
        if (!served.came_at || now - *served.came_at >= grace)
            note(served, served.series->tick(now - grace), now);
        tell_left_out(served, now);
        // What is known in advance brings no news, and is told each hour all the same.
        served.known.erase(served.known.begin(), served.known.lower_bound(floor_to(now, one_hour)));
        if (!served.known.empty() && (!served.told_at || floor_to(now, one_hour) > *served.told_at))
            served.tell = true;
        if (served.tell) tell(served, now);
    }
    close_events(now);
}

void SeriesBook::take_own(Served& served, const SeriesSample& sample, Time& fitted_at, Time now) {
    // One value from the future would make all that come until then late.
    if (served.settings.price.empty() && sample.time > now + served.settings.step) {
        ++served.ahead;
        return;
    }
    served.came_at = now;
    if (sample.value < 0 && served.settings.non_negative && !served.settings.counter) ++served.negative;
    bool accepted = false;
    const auto news = served.series->value(sample.time, sample.value, &accepted, now);
    // What a price source publishes again was known.
    if (!accepted && served.settings.price.empty()) correct(served, sample);
    note(served, news, now);
    if (accepted && !served.settings.price.empty()) note_known(served, sample, now);
    // Of a past that is told at once the rest is forecast, too, as it would have been day by day.
    if (!news.step_closed() || now - sample.time <= past || !served.series->refit_due()) return;
    if (served.unread) return;
    if (news.closed.back().begin - fitted_at < one_day) return;
    fitted_at = news.closed.back().begin;
    fit(served, sample.time, now);
}

void SeriesBook::correct(Served& served, const SeriesSample& sample) {
    const auto corrected = served.series->correct(sample.time, sample.value);
    if (!corrected) {
        ++effects_.late;
        ++served.too_late;
        return;
    }
    const auto rows_of = stored_name(served.settings);
    effects_.rows.steps.push_back({.series = rows_of, .step = corrected->step});
    for (const auto& match : corrected->matched) {
        effects_.rows.matched.push_back(
            {.series = rows_of, .match = match, .model_version = match.model_version});
    }
}

void SeriesBook::tell_left_out(Served& served, Time now) {
    if (served.ahead + served.too_late + served.negative == 0) return;
    if (served.left_out_told_at && now - *served.left_out_told_at < left_out_is_news) return;
    served.left_out_told_at = now;
    if (served.negative > 0) {
        effects_.troubles.push_back(
            fmt::format("series {} takes values below 0 for 0, and forecasts none: {} of them; set "
                        "may_be_negative = true "
                        "if they are true ones",
                        served.settings.id, std::exchange(served.negative, 0)));
    }
    if (served.ahead + served.too_late == 0) return;
    effects_.troubles.push_back(
        fmt::format("series {} leaves out values: {} stamped more than a step ahead, {} too late for their "
                    "step; see the clock of what sends them",
                    served.settings.id, std::exchange(served.ahead, 0), std::exchange(served.too_late, 0)));
}

// A price is published by whole steps: one is known when it comes, and not only when another closes it.
void SeriesBook::note_known(Served& served, const SeriesSample& published, Time now) {
    const Time step = floor_to(published.time, served.settings.step);
    if (step < floor_to(now, one_hour)) return;
    served.tell = served.known.insert_or_assign(step, published.value).second || served.tell;
}

void SeriesBook::note(Served& served, const forecast::SeriesNews& news, Time now) {
    if (!news.step_closed()) return;
    const auto& id = served.settings.id;
    const auto rows_of = stored_name(served.settings);
    for (const auto& step : news.closed) effects_.rows.steps.push_back({.series = rows_of, .step = step});
    if (served.unread) {
        for (const auto& step : news.closed) served.unread_steps.emplace_back(now, step);
        std::erase_if(served.unread_steps, [&](const auto& one) { return now - one.first > longest_commit; });
    }
    for (const auto& match : news.matched) {
        effects_.rows.matched.push_back(
            {.series = rows_of, .match = match, .model_version = match.model_version});
        if (!served.unread) note_in_event(served, match);
    }
    note_anomaly(served, news);
    if (news.drift != forecast::Drift::none || news.level_shift) {
        served.refit_why = "drift";
        effects_.drifts.push_back({.series = id,
                                   .kind = news.drift,
                                   .level_shift = news.level_shift,
                                   .time = news.closed.back().begin});
    }
    const Time newest = std::min(news.closed.back().begin + served.settings.step, now);
    served.tell = served.tell || news.hour_closed || !served.told_at ||
                  newest - *served.told_at >= std::min(tell_interval, served.settings.step);
    if (!news.hour_closed && served.told_at && newest - *served.told_at < tell_interval) {
        served.tell = false;
    }
}

void SeriesBook::note_anomaly(Served& served, const forecast::SeriesNews& news) {
    if (news.anomaly) {
        effects_.anomalies.push_back({.series = served.settings.id,
                                      .unit = served.settings.unit,
                                      .time = news.closed.back().begin,
                                      .actual = news.anomalous_value,
                                      .expected = news.expected,
                                      .severity = news.anomaly->severity});
    }
    if (std::exchange(served.anomalous, served.series->anomalous()) == served.series->anomalous()) return;
    auto& anomalous = effects_.anomalous.emplace();
    for (const auto& one : series_) {
        if (one.anomalous) anomalous.push_back(one.settings.id);
    }
}

void SeriesBook::tell(Served& served, Time now) {
    served.tell = false;
    auto told = report(served.settings.id, now);
    if (told.issued_at) served.told_at = told.issued_at;
    publish(served, told);
    std::erase_if(effects_.reports, [&](const SeriesReport& older) { return older.series == told.series; });
    effects_.reports.push_back(std::move(told));
}

namespace {

SeriesForecastStep plain(const forecast::ForecastStep& step) {
    const auto& q = step.forecast.quantiles;
    return {.valid_at = step.valid_at,
            .p50 = q.p50,
            .p90 = q.p90,
            .p99 = q.p99,
            .lower95 = q.lower95,
            .upper95 = q.upper95};
}

}  // namespace

void SeriesBook::publish(const Served& served, const SeriesReport& report) {
    const auto& steps = report.of(HorizonClass::long_48h).steps;
    if (steps.empty() || !report.issued_at) return latest_.forget(served.settings.id);
    SeriesForecast forecast{.series = report.series,
                            .issued_at = *report.issued_at,
                            .model_version = report.model_version,
                            .step = one_hour,
                            .calibrated = steps.front().forecast.quantiles.calibrated,
                            .steps = {},
                            .near_step = report.step};
    for (const auto horizon : forecast::horizon_classes) {
        const bool is_long = horizon == HorizonClass::long_48h;
        for (const auto& step : report.of(horizon).steps)
            (is_long ? forecast.steps : forecast.near).push_back(plain(step));
        forecast.confidence.at(static_cast<std::size_t>(horizon)) = report.of(horizon).confidence;
    }
    for (const auto& event : served.events->events()) {
        const bool covered =
            event.start < steps.back().valid_at + one_hour && event.end > steps.front().valid_at;
        if (!event.cancelled_at && covered)
            forecast.events.push_back({.name = event.name, .start = event.start, .end = event.end});
    }
    latest_.set(std::move(forecast));
}

SeriesReport SeriesBook::report(std::string_view series, Time now) const {
    const Served& served = *find_served(series);
    const auto& forecaster = served.series->forecaster();
    SeriesReport report{.series = served.settings.id,
                        .kind = served.settings.kind,
                        .unit = served.settings.unit,
                        .step = served.settings.step,
                        .made_at = now,
                        .issued_at = {},
                        .known_until = {},
                        .model_version = model_version(series),
                        .features = features_of(*served.series, *served.events, now),
                        .method = method_of(forecaster),
                        .degraded = forecaster.samples() > 0 && forecaster.degraded(),
                        .safeguarded = forecaster.long_horizon().safeguarded(),
                        .covariate_substituted = false,
                        .by_horizon = {}};
    if (forecaster.samples() > 0)
        report.issued_at = std::min(forecaster.newest() + served.settings.step, now);
    for (const auto horizon : forecast::horizon_classes) {
        auto& one = report.by_horizon[static_cast<std::size_t>(horizon)];
        auto said = served.series->forecast(horizon);
        if (said) {
            one.steps = std::move(said.value());
        } else {
            one.reason = said.error().message;
        }
        one.confidence = served.series->confidence(horizon, now);
    }
    const auto& hours = report.of(HorizonClass::long_48h).steps;
    report.covariate_substituted = std::ranges::any_of(
        hours, [&](const auto& step) { return served.series->substituted_at(step.valid_at); });
    if (!served.known.empty()) report_known(served, report, now);
    return report;
}

std::optional<double> SeriesBook::known(std::string_view series, Time step) const {
    const auto* served = find_served(series);
    if (served == nullptr) return std::nullopt;
    const auto found = served->known.find(step);
    return found == served->known.end() ? std::nullopt : std::optional(found->second);
}

std::vector<forecast::ForecastStep> SeriesBook::after_known(std::string_view series,
                                                            std::vector<forecast::ForecastStep> forecast,
                                                            Time now) const {
    const auto* served = find_served(series);
    if (served == nullptr || served->known.empty()) return forecast;
    const Duration step = served->settings.step;
    std::vector<forecast::ForecastStep> hours;
    const auto mean_of = [&](Time begin) -> std::optional<double> {
        double sum = 0;
        for (Time time = begin; time < begin + one_hour; time += step) {
            const auto value = served->known.find(time);
            if (value == served->known.end()) return std::nullopt;
            sum += value->second;
        }
        return sum / static_cast<double>(one_hour / step);
    };
    for (Time begin = floor_to(now, one_hour); hours.size() < most_hours; begin += one_hour) {
        const auto known = mean_of(begin);
        if (!known) break;
        hours.push_back(exactly(begin, *known));
    }
    for (const auto& one : forecast) {
        const Time next = hours.empty() ? one.valid_at : hours.back().valid_at + one_hour;
        if (one.valid_at == next && hours.size() < most_hours) hours.push_back(one);
    }
    return hours;
}

void SeriesBook::report_known(const Served& served, SeriesReport& report, Time now) const {
    const Duration step = served.settings.step;
    report.features.emplace_back("published_prices");
    report.known_until = served.known.rbegin()->first + step;
    auto& hours = report.by_horizon[static_cast<std::size_t>(HorizonClass::long_48h)].steps;
    hours = after_known(served.settings.id, std::move(hours), now);
    // As of a series of which nothing is known in advance: counted from the newest step that is over.
    for (const auto horizon : {HorizonClass::short_15min, HorizonClass::medium_60min}) {
        const Duration ahead = std::chrono::minutes{minutes_of(horizon)};
        if (ahead % step != Duration::zero()) continue;
        auto& one = report.by_horizon[static_cast<std::size_t>(horizon)];
        const Time valid_at = floor_to(now, step) - step + ahead;
        if (const auto value = served.known.find(valid_at); value != served.known.end()) {
            one.steps = {exactly(valid_at, value->second)};
            continue;
        }
        const auto of_hour =
            std::ranges::find(hours, floor_to(valid_at, one_hour), &forecast::ForecastStep::valid_at);
        if (of_hour != hours.end()) one.steps = {{.valid_at = valid_at, .forecast = of_hour->forecast}};
    }
}

void SeriesBook::keep_states(Time now) {
    for (auto& served : series_) {
        if (served.series->forecaster().samples() > 0) keep_state(served, now);
    }
}

void SeriesBook::keep_state(Served& served, Time now) {
    if (served.unread) return;
    const auto name = stored_name(served.settings);
    std::erase_if(effects_.rows.states, [&](const SeriesStateRow& older) { return older.series == name; });
    effects_.rows.states.push_back({.series = name,
                                    .model_version = model_version(served.settings.id),
                                    .saved_at = now,
                                    .state = served.series->save()});
}

ForecastEffects SeriesBook::take_effects() {
    return std::exchange(effects_, {});
}

std::vector<std::string> SeriesBook::names() const {
    std::vector<std::string> names;
    for (const auto& served : series_) names.push_back(served.settings.id);
    return names;
}

const ServedSeries* SeriesBook::find(std::string_view series) const {
    const auto* served = find_served(series);
    return served == nullptr ? nullptr : served->series.get();
}

const SeriesSettings* SeriesBook::settings(std::string_view series) const {
    const auto* served = find_served(series);
    return served == nullptr ? nullptr : &served->settings;
}

SeriesBook::Served* SeriesBook::find_served(std::string_view series) {
    const auto found = std::ranges::find(
        series_, series, [](const Served& served) -> std::string_view { return served.settings.id; });
    return found == series_.end() ? nullptr : &*found;
}

const SeriesBook::Served* SeriesBook::find_served(std::string_view series) const {
    return const_cast<SeriesBook*>(this)->find_served(series);
}

std::uint32_t SeriesBook::model_version(std::string_view series) const {
    const auto* served = find_served(series);
    const auto* active = served != nullptr && served->unread ? nullptr : registry_.active(series);
    return active == nullptr ? 0 : active->version;
}

// "RT-20261122-061428-1": in the order of time, and no two alike on one box.
std::string SeriesBook::new_id(std::string_view prefix, Time now) {
    std::string digits;
    for (const char c : format_time(now)) {
        if (c >= '0' && c <= '9') digits += c;
    }
    return fmt::format("{}-{}-{}-{}", prefix, digits.substr(0, 8), digits.substr(8), ++ids_);
}

}  // namespace sitepower
