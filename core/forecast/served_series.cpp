#include "core/forecast/served_series.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace sitepower::forecast {
namespace {

constexpr Duration hour{3'600'000};
constexpr double close_share = 0.1;  // of the larger of the actual value and the scale

std::size_t number(HorizonClass horizon) {
    return static_cast<std::size_t>(horizon);
}

}  // namespace

Result<std::unique_ptr<ServedSeries>> ServedSeries::make(const ServedSeriesSetup& setup,
                                                         const EventBook* events) {
    auto forecaster = Forecaster::make(setup.forecaster);
    if (!forecaster) return forecaster.error();
    return std::unique_ptr<ServedSeries>(new ServedSeries(setup, events, std::move(forecaster.value())));
}

ServedSeries::ServedSeries(const ServedSeriesSetup& setup, const EventBook* events,
                           std::unique_ptr<Forecaster> forecaster)
    : setup_(setup),
      events_(events),
      forecaster_(std::move(forecaster)),
      anomaly_(AnomalySettings{}),
      drift_(seasons_of(setup.forecaster.step).week) {
    if (setup_.counter) counter_.emplace(*setup_.counter);
}

Time ServedSeries::step_of(Time time) const {
    const std::int64_t step = setup_.forecaster.step.count();
    const std::int64_t ms = to_ms(time);
    return from_ms(ms - ((ms % step) + step) % step);
}

SeriesNews ServedSeries::value(Time time, double value, bool* accepted) {
    SeriesNews news;
    if (accepted != nullptr) *accepted = false;
    const Time step = step_of(time);
    if (!std::isfinite(value) || (open_ && step < *open_)) return news;
    if (counter_) {
        const auto counted = counter_->read(time, value);
        if (!counted.amount) return news;
        value = *counted.amount;
    }
    if (accepted != nullptr) *accepted = true;
    if (open_ && step > *open_) news = close_step();
    open_ = step;
    sum_ += value;
    ++values_;
    return news;
}

SeriesNews ServedSeries::tick(Time now) {
    if (!open_ || values_ == 0 || now < *open_ + setup_.forecaster.step) return {};
    return close_step();
}

// Training data inside an event are taken to the baseline that they would have been without it.
SeriesNews ServedSeries::close_step() {
    SeriesNews news{.step_closed = true};
    const double actual = counter_ ? sum_ : sum_ / values_;
    const Time begin = *open_;
    sum_ = 0;
    values_ = 0;
    match(begin, actual, news);
    const double factor = events_ != nullptr ? events_->clean_factor_at(begin) : 1;
    const auto verdict = forecaster_->update(begin, actual / factor);
    news.level_shift = verdict.level_shift;
    news.expected = verdict.expected;
    const bool in_event = events_ != nullptr && events_->covers(begin);
    news.anomaly = anomaly_.see(in_event || !verdict.expected ? 1 : verdict.p_value);
    if (news.anomaly) news.anomalous_value = actual;
    if (news.drift != Drift::none || news.level_shift) {
        forecaster_->retrain();
        drift_.reset();
        news.retrained = true;
    }
    for (const auto horizon : {HorizonClass::short_15min, HorizonClass::medium_60min}) remember(horizon);
    match_hour(begin, actual);
    return news;
}

// A forecast of a short horizon is valid at one step. That of the medium one tells of drift: it is always
// there.
void ServedSeries::match(Time valid_at, double actual, SeriesNews& news) {
    for (const auto horizon : {HorizonClass::short_15min, HorizonClass::medium_60min}) {
        std::erase_if(pending_[number(horizon)], [&](const ForecastStep& said) {
            if (said.valid_at > valid_at) return false;
            if (said.valid_at < valid_at) return true;  // nothing came for it
            matched(horizon, said, actual);
            const auto& q = said.forecast.quantiles;
            if (horizon == HorizonClass::medium_60min && q.calibrated) {
                news.drift = drift_.see(std::abs(actual - said.forecast.point),
                                        actual >= q.lower95 && actual <= q.upper95);
            }
            return true;
        });
    }
}

// Long forecasts are of hourly means. One is remembered for each hour to come: a new one is asked for when
// less than 32 h are left of those before, so that leads of 1 to 48 h are all matched.
void ServedSeries::match_hour(Time step_begin, double actual) {
    hour_sum_ += actual;
    ++hour_values_;
    const Time end = step_begin + setup_.forecaster.step;
    if (to_ms(end) % hour.count() != 0) return;
    const double mean = hour_sum_ / hour_values_;
    hour_sum_ = 0;
    hour_values_ = 0;
    const auto longest = number(HorizonClass::long_48h);
    std::erase_if(pending_[longest], [&](const ForecastStep& said) {
        if (said.valid_at >= end) return false;
        if (said.valid_at == end - hour) matched(HorizonClass::long_48h, said, mean);
        return true;
    });
    if (pending_[longest].size() < most_pending / 2) remember(HorizonClass::long_48h);
}

void ServedSeries::remember(HorizonClass horizon) {
    const auto said = forecast(horizon);
    if (!said) return;
    auto& pending = pending_[number(horizon)];
    for (const auto& step : *said) {
        const bool known = std::ranges::any_of(
            pending, [&](const ForecastStep& other) { return other.valid_at == step.valid_at; });
        if (!known && pending.size() < most_pending) pending.push_back(step);
    }
}

void ServedSeries::matched(HorizonClass horizon, const ForecastStep& said, double actual) {
    accuracy_[number(horizon)].match(said.valid_at, said.forecast, actual);
    Recent& recent = recent_[number(horizon)];
    const double scale = forecaster_->long_horizon().ensemble().naive_scale();
    const double tolerance = close_share * std::max(std::abs(actual), scale);
    recent.close[recent.matched++ % confidence_matches] =
        std::abs(said.forecast.point - actual) <= tolerance ? 1 : 0;
}

Result<std::vector<ForecastStep>> ServedSeries::forecast(HorizonClass horizon, std::size_t steps) const {
    auto said = forecaster_->forecast(horizon, steps);
    if (!said || events_ == nullptr) return said;
    for (auto& step : said.value()) {
        if (events_->covers(step.valid_at)) {
            step.forecast = under(events_->effect_at(step.valid_at), step.forecast);
        }
    }
    return said;
}

AccuracyFigures ServedSeries::accuracy(HorizonClass horizon, AccuracyWindow window, Time now) const {
    const double scale = forecaster_->long_horizon().ensemble().naive_scale();
    return accuracy_[number(horizon)].over(window, now, scale > 0 ? std::optional(scale) : std::nullopt);
}

std::optional<double> ServedSeries::confidence(HorizonClass horizon) const {
    const Recent& recent = recent_[number(horizon)];
    const auto count = std::min<std::uint64_t>(recent.matched, confidence_matches);
    if (count < least_matches) return std::nullopt;
    const auto close =
        std::count(recent.close.begin(), recent.close.begin() + static_cast<std::ptrdiff_t>(count), 1);
    return static_cast<double>(close) / static_cast<double>(count);
}

}  // namespace sitepower::forecast
