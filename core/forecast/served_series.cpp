#include "core/forecast/served_series.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <span>
#include <utility>

namespace sitepower::forecast {
namespace {

constexpr double close_share = 0.1;  // of the larger of the actual value and the scale

std::size_t number(HorizonClass horizon) {
    return static_cast<std::size_t>(horizon);
}

// An hour of which less than half was observed tells nothing.
bool is_whole(std::uint32_t observed_steps, Duration step) {
    return 2 * observed_steps * step >= one_hour;
}

ServedSeriesSetup without_refits(ServedSeriesSetup setup) {
    setup.forecaster.refits_itself = false;
    return setup;
}

// Over all origins of the back-test: errors relative to those of the seasonal naive forecast.
BacktestMetrics metrics_of(const Ensemble& ensemble) {
    double absolute = 0;
    double symmetric = 0;
    double count = 0;
    for (const auto& origin : ensemble.backtest()) {
        for (std::size_t h = 0; h < origin.forecast.size(); ++h) {
            if (origin.scored[h] == 0) continue;
            const double error = std::abs(origin.forecast[h] - origin.actual[h]);
            const double size = std::abs(origin.forecast[h]) + std::abs(origin.actual[h]);
            absolute += error;
            symmetric += size > 0 ? 200 * error / size : 0;
            count += 1;
        }
    }
    BacktestMetrics metrics;
    if (count == 0) return metrics;
    metrics.smape_pct = symmetric / count;
    if (ensemble.naive_scale() > 0) metrics.mase = absolute / count / ensemble.naive_scale();
    return metrics;
}

// A model is one of the long horizon.
Result<Refit> with_long_horizon(Refit refit) {
    if (const auto said = refit.forecaster->forecast(HorizonClass::long_48h); !said) return said.error();
    return refit;
}

}  // namespace

Result<std::unique_ptr<ServedSeries>> ServedSeries::make(const ServedSeriesSetup& setup,
                                                         const EventBook* events) {
    const auto deferred = without_refits(setup);
    auto forecaster = Forecaster::make(deferred.forecaster);
    if (!forecaster) return forecaster.error();
    return std::unique_ptr<ServedSeries>(new ServedSeries(deferred, events, std::move(forecaster.value())));
}

ServedSeries::ServedSeries(const ServedSeriesSetup& setup, const EventBook* events,
                           std::unique_ptr<Forecaster> forecaster)
    : setup_(setup),
      events_(events),
      forecaster_(std::move(forecaster)),
      collector_(setup.forecaster.step, setup.counter),
      anomaly_(AnomalySettings{}),
      drift_(seasons_of(setup.forecaster.step).week),
      covariates_(setup.covariates) {}

void ServedSeries::declare(std::vector<Covariate> covariates) {
    if (covariates == setup_.covariates) return;
    setup_.covariates = std::move(covariates);
    covariates_ = Covariates(setup_.covariates);
    for (auto& pending : pending_[number(HorizonClass::long_48h)]) pending.effect = {};
}

SeriesNews ServedSeries::value(Time time, double value, bool* accepted, Time now) {
    SeriesNews news;
    const bool taken = collector_.value(
        time, value, [this](Time step) { return expected_amount(step); }, news.closed);
    if (accepted != nullptr) *accepted = taken;
    take_all(now, news);
    return news;
}

SeriesNews ServedSeries::tick(Time now) {
    SeriesNews news;
    collector_.tick(now, news.closed);
    take_all(now, news);
    return news;
}

SeriesNews ServedSeries::replay(const ClosedStep& step, Time now) {
    SeriesNews news;
    if (forecaster_->samples() > 0 && step.begin <= forecaster_->newest()) return news;
    collector_.skip(step);
    news.closed.push_back(step);
    take_all(now, news);
    return news;
}

// By what was forecast for the time, or for the same time of an earlier day: forecasts end after two days.
double ServedSeries::expected_amount(Time step) const {
    const Time middle = step + setup_.forecaster.step / 2;
    for (auto time = middle; time > forecaster_->newest(); time -= one_day) {
        if (const auto said = forecaster_->forecast_at(time)) return said->point * event_factor(step);
    }
    return 0;
}

void ServedSeries::take_all(Time now, SeriesNews& news) {
    for (const auto& step : news.closed) take(step, now, news);
}

void ServedSeries::take(const ClosedStep& step, Time now, SeriesNews& news) {
    if (hour_ && *hour_ != floor_to(step.begin, one_hour)) close_hour(now, news);
    if (step.observed) {
        observe(step, news);
    } else {
        forecaster_->fill(step.begin, step.value / event_factor(step.begin));
        anomaly_.see(1);
    }
    for (const auto horizon : {HorizonClass::short_15min, HorizonClass::medium_60min}) remember(horizon, now);
    match_hour(step, now, news);
}

// Training data inside an event are taken to the baseline that they would have been without it.
void ServedSeries::observe(const ClosedStep& step, SeriesNews& news) {
    match(step.begin, step.value, news);
    const auto verdict = forecaster_->update(step.begin, step.value / event_factor(step.begin));
    const bool eventful = in_event(step.begin, setup_.forecaster.step);
    news.level_shift = (verdict.level_shift && !eventful) || news.level_shift;
    if (verdict.level_shift) drift_.reset();
    news.expected = verdict.expected;
    const auto anomaly = anomaly_.see(eventful || !verdict.expected ? 1 : verdict.p_value);
    if (anomaly) {
        news.anomaly = anomaly;
        news.anomalous_value = step.value;
    }
    refit_due_ = refit_due_ || news.drift != Drift::none || verdict.level_shift;
}

// A forecast of a short horizon is valid at one step. That of the medium one tells of drift: it is always
// there.
void ServedSeries::match(Time valid_at, double actual, SeriesNews& news) {
    for (const auto horizon : {HorizonClass::short_15min, HorizonClass::medium_60min}) {
        std::erase_if(pending_[number(horizon)], [&](Pending& pending) {
            if (pending.said.valid_at > valid_at) return false;
            if (pending.said.valid_at < valid_at) {  // nothing has come for it
                settle(horizon, pending);
                return true;
            }
            matched(horizon, pending, actual, news);
            const auto& q = pending.said.forecast.quantiles;
            const bool eventful = in_event(valid_at, setup_.forecaster.step);
            if (horizon == HorizonClass::medium_60min && q.calibrated && !eventful) {
                const Drift drift = drift_.see(std::abs(actual - pending.said.forecast.point),
                                               actual >= q.lower95 && actual <= q.upper95);
                if (drift != Drift::none) news.drift = drift;
            }
            settle(horizon, pending);
            return true;
        });
    }
}

void ServedSeries::match_hour(const ClosedStep& step, Time now, SeriesNews& news) {
    hour_ = floor_to(step.begin, one_hour);
    if (step.observed) {
        hour_sum_ += step.value;
        ++hour_values_;
    }
    if (step.begin + setup_.forecaster.step == *hour_ + one_hour) close_hour(now, news);
}

void ServedSeries::settle(HorizonClass horizon, const Pending& pending) {
    auto& settled = settled_[number(horizon)];
    settled.push_back(pending);
    if (settled.size() > most_settled) settled.pop_front();
}

// Long forecasts are of hourly means. All of them count for accuracy. One for each hour to come is kept
// whole, to be told with what came: a new one is asked for when less than 32 h are left of those before, so
// most are told 31 to 47 h after they were said. An hour of which less than half was observed tells nothing.
void ServedSeries::close_hour(Time now, SeriesNews& news) {
    const Time begin = *hour_;
    const bool whole = is_whole(hour_values_, setup_.forecaster.step);
    const double mean = hour_values_ > 0 ? hour_sum_ / hour_values_ : 0;
    hour_.reset();
    hour_sum_ = 0;
    hour_values_ = 0;
    news.hour_closed = true;
    auto& pending = pending_[number(HorizonClass::long_48h)];
    if (whole) match_all_of(begin, mean, now);
    std::erase_if(pending, [&](Pending& one) {
        if (one.said.valid_at > begin) return false;
        if (whole && one.said.valid_at == begin) {
            matched(HorizonClass::long_48h, one, mean, news);
            // What an event does is not theirs to explain.
            if (!in_event(begin, one_hour)) covariates_.learn(begin, one.plain, one.effect, mean);
        }
        settle(HorizonClass::long_48h, one);
        return true;
    });
    remember(HorizonClass::long_48h, now);
}

void ServedSeries::match_all_of(Time hour, double mean, Time now) {
    accuracy_[number(HorizonClass::long_48h)].match(hour, issued_.said_of(hour, now), as_kept(mean));
}

std::optional<Correction> ServedSeries::correct(Time time, double value) {
    const Time hour = floor_to(time, one_hour);
    const bool hour_is_over = !hour_ || *hour_ != hour;
    const auto hour_before = collector_.measured(hour, hour + one_hour);
    const auto corrected = collector_.correct(time, value);
    if (!corrected) return std::nullopt;
    Correction correction{.step = corrected->step, .matched = {}};
    for (const auto horizon : {HorizonClass::short_15min, HorizonClass::medium_60min})
        rescore(horizon, corrected->step.begin, corrected->step.value, correction);
    if (!hour_is_over) {
        hour_sum_ += corrected->step.value - corrected->before.value_or(0);
        hour_values_ += corrected->before ? 0 : 1;
        return correction;
    }
    const auto hour_after = collector_.measured(hour, hour + one_hour);
    if (!hour_before || !hour_after || !is_whole(hour_after->count, setup_.forecaster.step))
        return correction;
    const double after = hour_after->sum / hour_after->count;
    rescore(HorizonClass::long_48h, hour, after, correction);
    if (!is_whole(hour_before->count, setup_.forecaster.step)) {
        match_all_of(hour, after, Time::max());
        return correction;
    }
    const double before = hour_before->sum / hour_before->count;
    accuracy_[number(HorizonClass::long_48h)].correct(hour, issued_.said_of(hour, Time::max()),
                                                      as_kept(before), as_kept(after));
    return correction;
}

void ServedSeries::rescore(HorizonClass horizon, Time valid_at, double actual, Correction& correction) {
    for (auto& one : settled_[number(horizon)]) {
        if (one.said.valid_at != valid_at) continue;
        auto& accuracy = accuracy_[number(horizon)];
        if (horizon == HorizonClass::long_48h) {
            // All that was said of the hour is scored elsewhere.
        } else if (one.actual) {
            accuracy.correct(valid_at, one.said.forecast, *one.actual, actual);
        } else {
            accuracy.match(valid_at, one.said.forecast, actual);
        }
        one.actual = actual;
        correction.matched.push_back(told(horizon, one));
    }
}

void ServedSeries::remember(HorizonClass horizon, Time now) {
    const auto issued = forecaster_->forecast(horizon);
    if (!issued) return;
    const Time known_until = forecaster_->newest() + setup_.forecaster.step;
    // While the newest step is one to come, nothing is forecast 15 or 60 min ahead: it is known.
    if (horizon != HorizonClass::long_48h && forecaster_->newest() > now) return;
    const Time issued_at = std::min(known_until, now);
    auto& pending = pending_[number(horizon)];
    const bool is_wanted = horizon != HorizonClass::long_48h || pending.size() < most_pending / 2;
    std::vector<ForecastStep> said;
    for (auto step : *issued) {
        const double plain = step.forecast.point;
        CovariateEffect effect;
        if (horizon == HorizonClass::long_48h) {
            effect = covariates_.effect_at(step.valid_at, issued_at);
            step.forecast = with_covariates(effect, step.forecast);
        }
        const double baseline = step.forecast.point;
        step.forecast = with_events(step.forecast, step.valid_at, length_of(horizon));
        said.push_back(step);
        const bool known = std::ranges::any_of(
            pending, [&](const Pending& other) { return other.said.valid_at == step.valid_at; });
        if (is_wanted && !known && pending.size() < most_pending) {
            pending.push_back({.actual = {},
                               .issued_at = issued_at,
                               .said = step,
                               .baseline = baseline,
                               .plain = plain,
                               .effect = effect,
                               .model_version = model_version_});
        }
    }
    if (horizon == HorizonClass::long_48h) issued_.issue(issued_at, said);
}

void ServedSeries::matched(HorizonClass horizon, Pending& pending, double actual, SeriesNews& news) {
    const ForecastStep& said = pending.said;
    if (horizon != HorizonClass::long_48h)
        accuracy_[number(horizon)].match(said.valid_at, said.forecast, actual);
    pending.actual = actual;
    Recent& recent = recent_[number(horizon)];
    const double scale = forecaster_->naive_scale(horizon);
    const double tolerance = close_share * std::max(std::abs(actual), scale);
    recent.close[recent.matched++ % confidence_matches] =
        std::abs(said.forecast.quantiles.p50 - actual) <= tolerance ? 1 : 0;
    news.matched.push_back(told(horizon, pending));
}

MatchedForecast ServedSeries::told(HorizonClass horizon, const Pending& pending) {
    return {.horizon = horizon,
            .issued_at = pending.issued_at,
            .said = pending.said,
            .baseline = pending.baseline,
            .actual = pending.actual.value_or(0),
            .model_version = pending.model_version};
}

Result<std::vector<ForecastStep>> ServedSeries::forecast(HorizonClass horizon, std::size_t steps) const {
    return forecast_by(*forecaster_, horizon, steps);
}

Result<std::vector<ForecastStep>> ServedSeries::forecast_by(const Forecaster& forecaster,
                                                            HorizonClass horizon, std::size_t steps) const {
    auto said = forecaster.forecast(horizon, steps);
    if (!said) return said;
    const Time issued_at = forecaster.newest() + setup_.forecaster.step;
    for (auto& step : said.value()) {
        if (horizon == HorizonClass::long_48h)
            step.forecast = with_covariates(covariates_.effect_at(step.valid_at, issued_at), step.forecast);
        step.forecast = with_events(step.forecast, step.valid_at, length_of(horizon));
    }
    return said;
}

Result<IssuedStep> ServedSeries::forecast_at(Time valid_at, std::span<const double> given) const {
    const auto said = forecaster_->forecast_at(valid_at);
    if (!said) return said.error();
    const Time issued_at = forecaster_->newest() + setup_.forecaster.step;
    const auto effect = covariates_.effect_at(valid_at, issued_at, given);
    const Duration step = setup_.forecaster.step;
    return with_events(with_covariates(effect, *said), floor_to(valid_at, step), step);
}

bool ServedSeries::substituted_at(Time valid_at, std::span<const double> given) const {
    const Time issued_at = forecaster_->newest() + setup_.forecaster.step;
    return covariates_.used(true) && covariates_.effect_at(valid_at, issued_at, given).substituted;
}

IssuedStep ServedSeries::with_covariates(const CovariateEffect& effect, const IssuedStep& plain) const {
    auto step = covariates_.with(effect, plain);
    if (!setup_.forecaster.non_negative || !effect.known) return step;
    auto& q = step.quantiles;
    for (double* value : {&step.point, &q.p50, &q.p90, &q.p99, &q.lower95, &q.upper95})
        *value = std::max(*value, 0.0);
    return step;
}

// A forecast is of the mean of its step: of the long horizon, of an hour.
Duration ServedSeries::length_of(HorizonClass horizon) const {
    return horizon == HorizonClass::long_48h ? one_hour : setup_.forecaster.step;
}

bool ServedSeries::in_event(Time begin, Duration length) const {
    return events_ != nullptr && events_->covers(begin, length);
}

double ServedSeries::event_factor(Time step) const {
    return events_ != nullptr ? events_->effect_on(step, setup_.forecaster.step).multiplier : 1;
}

IssuedStep ServedSeries::with_events(const IssuedStep& step, Time begin, Duration length) const {
    return in_event(begin, length) ? under(events_->effect_on(begin, length), step) : step;
}

AccuracyFigures ServedSeries::accuracy(HorizonClass horizon, AccuracyWindow window, Time now) const {
    const double scale = forecaster_->naive_scale(horizon);
    return accuracy_[number(horizon)].over(window, now, scale > 0 ? std::optional(scale) : std::nullopt);
}

std::optional<double> ServedSeries::confidence(HorizonClass horizon, Time now) const {
    const Recent& recent = recent_[number(horizon)];
    const auto count = std::min<std::uint64_t>(recent.matched, confidence_matches);
    if (count < least_matches) return std::nullopt;
    const auto close =
        std::count(recent.close.begin(), recent.close.begin() + static_cast<std::ptrdiff_t>(count), 1);
    // A step that is not over yet is no lack of data.
    const Duration old = now - forecaster_->newest() - 2 * setup_.forecaster.step;
    const double fresh = 1 - static_cast<double>(old.count()) / static_cast<double>(one_day.count());
    return static_cast<double>(close) / static_cast<double>(count) * std::clamp(fresh, 0.0, 1.0);
}

Result<Refit> ServedSeries::refit() const {
    auto made = Forecaster::make(setup_.forecaster);
    if (!made) return made.error();
    Refit refit{.forecaster = std::move(made.value()), .metrics = {}};
    if (const auto loaded = refit.forecaster->load(forecaster_->save()); !loaded) return loaded.error();
    refit.forecaster->retrain();
    refit.metrics = metrics_of(refit.forecaster->long_horizon().ensemble());
    return with_long_horizon(std::move(refit));
}

Result<Refit> ServedSeries::refit_from(std::span<const ClosedStep> steps, Time fit_until) const {
    auto made = Forecaster::make(setup_.forecaster);
    if (!made) return made.error();
    Refit refit{.forecaster = std::move(made.value()), .metrics = {}};
    bool fitted = false;
    const auto fit = [&] {
        refit.forecaster->retrain();
        refit.metrics = metrics_of(refit.forecaster->long_horizon().ensemble());
        fitted = true;
    };
    for (const auto& step : steps) {
        if (!fitted && step.begin >= fit_until) fit();
        const double baseline = step.value / event_factor(step.begin);
        if (step.observed) {
            refit.forecaster->update(step.begin, baseline);
        } else {
            refit.forecaster->fill(step.begin, baseline);
        }
    }
    if (!fitted) fit();
    return with_long_horizon(std::move(refit));
}

void ServedSeries::adopt(Refit refit, Time now) {
    forecaster_ = std::move(refit.forecaster);
    refit_due_ = false;
    remember(HorizonClass::long_48h, now);
}

void ServedSeries::keep() {
    refit_due_ = false;
}

namespace {

constexpr std::uint32_t blob_kind = 0x53525653;
constexpr std::uint32_t blob_version = 5;
constexpr std::size_t longest_forecaster = 16U << 20U;

}  // namespace

void ServedSeries::put_one(BlobWriter& writer, const Pending& one) {
    writer.put(one.actual.has_value());
    writer.put(one.actual.value_or(0));
    writer.put(to_ms(one.issued_at));
    writer.put(to_ms(one.said.valid_at));
    put(writer, one.said.forecast);
    writer.put(one.baseline);
    writer.put(one.plain);
    writer.put(one.effect.shift);
    writer.put(one.effect.known);
    writer.put(one.effect.substituted);
    writer.put(one.model_version);
}

void ServedSeries::get_one(BlobReader& reader, Pending& one) {
    const bool matched = reader.get<std::uint8_t>() != 0;
    const auto actual = reader.get<double>();
    one.actual = matched ? std::optional(actual) : std::nullopt;
    one.issued_at = from_ms(reader.get<std::int64_t>());
    one.said.valid_at = from_ms(reader.get<std::int64_t>());
    get(reader, one.said.forecast);
    reader.get(one.baseline);
    reader.get(one.plain);
    reader.get(one.effect.shift);
    one.effect.known = reader.get<std::uint8_t>() != 0;
    one.effect.substituted = reader.get<std::uint8_t>() != 0;
    reader.get(one.model_version);
}

void ServedSeries::put_pending(BlobWriter& writer) const {
    const auto put_all = [&](const auto& forecasts) {
        writer.put(static_cast<std::uint64_t>(forecasts.size()));
        for (const auto& one : forecasts) put_one(writer, one);
    };
    for (const auto& pending : pending_) put_all(pending);
    for (const auto& settled : settled_) put_all(settled);
    issued_.save(writer);
}

void ServedSeries::get_pending(BlobReader& reader) {
    const auto get_all = [&](auto& forecasts, std::size_t most) {
        const auto size = reader.get<std::uint64_t>();
        if (size > most) return reader.fail();
        forecasts.resize(size);
        for (auto& one : forecasts) get_one(reader, one);
    };
    for (auto& pending : pending_) get_all(pending, most_pending);
    for (auto& settled : settled_) get_all(settled, most_settled);
    issued_.load(reader);
}

std::vector<std::byte> ServedSeries::save() const {
    BlobWriter writer;
    const auto forecaster = forecaster_->save();
    std::vector<std::uint8_t> bytes(forecaster.size());
    std::memcpy(bytes.data(), forecaster.data(), forecaster.size());
    writer.put_all(std::span<const std::uint8_t>(bytes));
    collector_.save(writer);
    anomaly_.save(writer);
    drift_.save(writer);
    covariates_.save(writer);
    writer.put(refit_due_);
    writer.put(hour_.has_value());
    writer.put(to_ms(hour_.value_or(Time{})));
    writer.put(hour_sum_);
    writer.put(hour_values_);
    put_pending(writer);
    for (const auto& accuracy : accuracy_) accuracy.save(writer);
    for (const auto& recent : recent_) {
        writer.put_all(std::span<const std::uint8_t>(recent.close));
        writer.put(recent.matched);
    }
    return writer.finish(blob_kind, blob_version);
}

bool ServedSeries::load_parts(BlobReader& reader) {
    std::vector<std::uint8_t> bytes;
    reader.get_all(bytes, longest_forecaster);
    if (!reader.ok() || !forecaster_->load(std::as_bytes(std::span(bytes)))) return false;
    collector_.load(reader);
    anomaly_.load(reader);
    drift_.load(reader);
    covariates_.load(reader);
    refit_due_ = reader.get<std::uint8_t>() != 0;
    const bool open = reader.get<std::uint8_t>() != 0;
    const Time begin = from_ms(reader.get<std::int64_t>());
    hour_ = open ? std::optional(begin) : std::nullopt;
    reader.get(hour_sum_);
    reader.get(hour_values_);
    get_pending(reader);
    for (auto& accuracy : accuracy_) accuracy.load(reader);
    for (auto& recent : recent_) {
        reader.get_all(std::span<std::uint8_t>(recent.close));
        reader.get(recent.matched);
    }
    return reader.finished();
}

Status ServedSeries::load(std::span<const std::byte> blob) {
    auto reader = BlobReader::open(blob, blob_kind, blob_version);
    if (!reader) return reader.error();
    auto fresh = make(setup_, events_);
    if (!fresh) return fresh.error();
    const bool whole = load_parts(*reader);
    if (whole) return Done{};
    (*fresh)->speak_as(model_version_);
    *this = std::move(**fresh);
    return Error{.code = ErrorCode::validation_error,
                 .message = "the stored state is not one of series " + setup_.name + "; fit again",
                 .detail = {}};
}

}  // namespace sitepower::forecast
