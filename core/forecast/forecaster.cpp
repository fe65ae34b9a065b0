#include "core/forecast/forecaster.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>

#include "core/forecast/direct_ridge/window.hpp"
#include "core/forecast/seasonal_naive/seasonal_naive.hpp"

namespace sitepower::forecast {
namespace {

constexpr Duration quarter{900'000};
constexpr std::size_t hours_a_day = 24;
constexpr std::size_t kept_days = 8;   // of the fine grid: a week of lags and a day
constexpr std::size_t linear_gap = 3;  // steps
constexpr double degraded_share = 0.2;
constexpr std::size_t least_constant = 20;  // alike values
constexpr std::size_t young_days = 28;      // until then the long horizon is fitted again every day

std::vector<std::size_t> horizon_steps(Duration step) {
    std::vector<std::size_t> steps{1};
    for (const Duration horizon : {quarter, one_hour}) {
        const auto count = static_cast<std::size_t>(horizon / step);
        if (horizon % step == Duration::zero() && count > steps.back()) steps.push_back(count);
    }
    return steps;
}

EnsembleSetup long_setup(const ForecasterSetup& setup) {
    return {.seasons = seasons_of(one_hour),
            .horizon = 2 * hours_a_day,
            .longest_history = 60 * hours_a_day,
            .domain = setup.non_negative ? Domain::log : Domain::asinh,
            .prior = setup.prior};
}

Error insufficient(std::string message) {
    return {.code = ErrorCode::insufficient_data, .message = std::move(message), .detail = {}};
}

}  // namespace

Result<std::unique_ptr<Forecaster>> Forecaster::make(const ForecasterSetup& setup) {
    if (setup.step <= Duration::zero() || one_hour % setup.step != Duration::zero()) {
        return Error{.code = ErrorCode::validation_error,
                     .message = "a forecast step of " + std::to_string(setup.step.count()) +
                                " ms does not divide an hour; choose for example 60000, 300000, 900000 or "
                                "3600000",
                     .detail = {}};
    }
    return std::unique_ptr<Forecaster>(new Forecaster(setup));
}

Forecaster::Forecaster(const ForecasterSetup& setup)
    : setup_(setup),
      seasons_(seasons_of(setup.step)),
      fine_(seasons_, std::max<std::size_t>(static_cast<std::size_t>(one_hour / setup.step), 1),
            kept_days * seasons_.day),
      long_(long_setup(setup), setup.non_negative),
      outliers_(seasons_.week) {
    for (const std::size_t steps : horizon_steps(setup.step)) {
        horizons_.emplace_back(seasons_, steps, setup.non_negative);
    }
}

std::uint16_t Forecaster::fine_slot(Time time) const {
    return static_cast<std::uint16_t>(setup_.clock.week_slot(time, setup_.step));
}

std::uint16_t Forecaster::hour_slot(Time time) const {
    return static_cast<std::uint16_t>(setup_.clock.week_slot(time, one_hour));
}

void Forecaster::clear() {
    *this = Forecaster(setup_);
}

Status Forecaster::fit(const RegularSeries& history) {
    if (history.step != setup_.step) {
        return Error{.code = ErrorCode::validation_error,
                     .message = "the history has a step of " + std::to_string(history.step.count()) +
                                " ms, this series one of " + std::to_string(setup_.step.count()),
                     .detail = {}};
    }
    clear();
    transform_ = Transform::fitted(setup_.non_negative ? Domain::log : Domain::asinh, history.values);
    fitting_ = true;
    for (std::size_t i = 0; i < history.size(); ++i) {
        if (std::isfinite(history.values[i])) update(history.time_at(i), history.values[i]);
    }
    fitting_ = false;
    retrain();
    return Done{};
}

void Forecaster::retrain() {
    for (auto& horizon : horizons_) horizon.settle();
    refit_transform();
    step_scale_ = window_scale(fine_.view(HistoryBuffer::raw));
    if (samples_ > 0) {
        for (auto& horizon : horizons_) horizon.issue_again(fine_history(), transform_);
    }
    long_.refit_and_issue();
    refit_due_ = false;
}

double Forecaster::naive_scale(HorizonClass horizon) const {
    const bool is_hourly = horizon == HorizonClass::long_48h || setup_.step == one_hour;
    return is_hourly ? long_.ensemble().naive_scale() : step_scale_;
}

void Forecaster::clean_again(Time from, Time to, const std::function<double(Time)>& factor) {
    if (samples_ == 0) return;
    const Time end = newest_ + setup_.step;
    const auto factor_of = [&](Time time) {
        return time + setup_.step > from && time < to ? factor(time) : 1;
    };
    const History fine = fine_.view(HistoryBuffer::raw);
    const Time held_from = end - setup_.step * static_cast<std::int64_t>(fine.size());
    std::map<Time, std::array<double, 2>> sums;  // by hour: before and after
    for (std::size_t i = 0; i < fine.size(); ++i) {
        const Time time = held_from + setup_.step * static_cast<std::int64_t>(i);
        auto& [before, after] = sums[floor_to(time, one_hour)];
        before += fine.values[i];
        if (const double by = factor_of(time); by != 1) fine_.tell_again(i, by);
        after += fine.values[i];
    }
    const auto ratio_of = [&](Time hour) {
        const auto& [before, after] = sums.at(hour);
        return before == 0 ? 1 : after / before;
    };
    const Time hours_end = floor_to(end, one_hour);
    const History hours = long_.ensemble().history();
    for (std::size_t back = 0; back < hours.size(); ++back) {
        const Time begin = hours_end - one_hour * static_cast<std::int64_t>(back + 1);
        double ratio = 1;
        if (begin >= held_from) {
            ratio = ratio_of(begin);
        } else if (hours.learnable[hours.size() - 1 - back] != 0) {
            // Its steps are no longer held.
            double sum = 0;
            for (Time time = begin; time < begin + one_hour; time += setup_.step) sum += factor_of(time);
            ratio = sum / static_cast<double>(one_hour / setup_.step);
        }
        long_.multiply(back, ratio);
    }
    if (hour_values_ > 0) hour_sum_ *= ratio_of(floor_to(newest_, one_hour));
    fine_.retransform([&](double y) { return transform_.forward(y); });
    for (auto& horizon : horizons_) horizon.relearn(fine_.view(HistoryBuffer::transformed));
    retrain();
}

// By the last days: a domain that hardly moved is left alone, for what was learnt in it reaches further back.
void Forecaster::refit_transform() {
    if (samples_ < 2) return;
    const auto fitted = Transform::fitted(transform_.domain(), fine_.view(HistoryBuffer::raw).values);
    if (!transform_of_first_value_ && !fitted.differs_much_from(transform_)) return;
    transform_ = fitted;
    transform_of_first_value_ = false;
    fine_.retransform([&](double y) { return transform_.forward(y); });
    for (auto& horizon : horizons_) horizon.relearn(fine_.view(HistoryBuffer::transformed));
}

TwoDomains Forecaster::fine_history() const {
    return {fine_.view(HistoryBuffer::raw), fine_.view(HistoryBuffer::transformed)};
}

void Forecaster::fill(Time time, double value) {
    time = floor_to(time, setup_.step);
    if (!std::isfinite(value) || samples_ == 0 || time <= newest_) return;
    if (setup_.non_negative) value = std::max(value, 0.0);
    if (fill_gap(time, value) <= seasons_.week) take(time, value, false, value);
}

SampleVerdict Forecaster::update(Time time, double value) {
    SampleVerdict verdict;
    time = floor_to(time, setup_.step);
    if (!std::isfinite(value) || (samples_ > 0 && time <= newest_)) return verdict;
    if (setup_.non_negative) value = std::max(value, 0.0);
    verdict.accepted = true;
    // Until a fit has seen more, the first values say what is large.
    if (samples_ == 0 && transform_.domain() == Domain::raw) {
        transform_ = Transform::fitted(setup_.non_negative ? Domain::log : Domain::asinh, std::array{value});
        transform_of_first_value_ = true;
    }
    if (samples_ > 0) verdict.imputed = fill_gap(time, value);
    double seen = value;
    if (next_step().current() && verdict.imputed == 0 && samples_ > 0) {
        const double expected = next_step().current()->point;
        verdict.expected = expected;
        verdict.p_value = next_step().quantiles().p_value(expected, value);
        const auto judged = outliers_.judge(expected, value);
        seen = judged.value;
        verdict.outlier = judged.outlier;
        verdict.level_shift = judged.level_shift;
    }
    watch_constant(value);
    take(time, seen, true, value);
    ++samples_;
    return verdict;
}

void Forecaster::watch_constant(double value) {
    if (samples_ == 0) constant_value_ = value;
    constant_ = constant_ && value == constant_value_;
}

// Short gaps become a line in the transformed domain, longer ones the same civil time a day before; after
// more than a week nothing of the old state is worth keeping.
std::size_t Forecaster::fill_gap(Time time, double value) {
    const auto missing = static_cast<std::size_t>((time - newest_) / setup_.step) - 1;
    if (missing > seasons_.week) {
        const Transform transform = transform_;
        const bool fitting = fitting_;
        const bool of_first_value = transform_of_first_value_;
        clear();
        transform_ = transform;
        transform_of_first_value_ = of_first_value;
        fitting_ = fitting;
        return missing;
    }
    const History before = fine_.view(HistoryBuffer::transformed);
    const double from = before.values.back();
    const double slope = (transform_.forward(value) - from) / static_cast<double>(missing + 1);
    for (std::size_t i = 1; i <= missing; ++i) {
        const History raw = fine_.view(HistoryBuffer::raw);
        const double filled = missing <= linear_gap || raw.size() < seasons_.day
                                  ? transform_.inverse(from + slope * static_cast<double>(i))
                                  : raw.values[seasonal_index(raw, raw.size(), seasons_.day)];
        take(newest_ + setup_.step, filled, false, std::numeric_limits<double>::quiet_NaN());
    }
    return missing;
}

// One step of the fine grid, and what falls due at its end.
void Forecaster::take(Time time, double value, bool learnable, double told) {
    fine_.push(value, transform_.forward(value), learnable, fine_slot(time), told);
    std::array<std::uint16_t, 60> ahead{};
    const auto steps = std::min<std::size_t>(ahead.size(), static_cast<std::size_t>(one_hour / setup_.step));
    for (std::size_t i = 0; i < steps; ++i) {
        ahead[i] = fine_slot(time + setup_.step * static_cast<std::int64_t>(i + 1));
    }
    fine_.set_future_slots(std::span(ahead).first(steps));
    newest_ = time;
    const TwoDomains history = fine_history();
    for (auto& horizon : horizons_) horizon.push(history, transform_);
    hour_sum_ += value;
    ++hour_values_;
    hour_learnable_ += learnable ? 1U : 0U;
    if (floor_to(time + setup_.step, one_hour) == time + setup_.step) close_hour();
}

void Forecaster::close_hour() {
    const bool learnable = 2 * hour_learnable_ * setup_.step >= one_hour;
    const Time begin = floor_to(newest_, one_hour);
    long_.update(hour_sum_ / hour_values_, learnable, hour_slot(begin));
    std::array<std::uint16_t, 2 * hours_a_day> ahead{};
    for (std::size_t i = 0; i < ahead.size(); ++i) {
        ahead[i] = hour_slot(begin + one_hour * static_cast<std::int64_t>(i + 1));
    }
    long_.set_future_slots(ahead);
    hour_sum_ = 0;
    hour_values_ = hour_learnable_ = 0;
    if (hour_slot(begin + one_hour) % hours_a_day == 0) close_day();
}

void Forecaster::close_day() {
    for (auto& horizon : horizons_) horizon.settle();
    if (fitting_ || long_.ensemble().history().size() >= young_days * hours_a_day) return;
    if (setup_.refits_itself) {
        long_.refit();
    } else {
        refit_due_ = true;
    }
}

bool Forecaster::degraded() const {
    const History raw = fine_.view(HistoryBuffer::raw);
    const std::size_t n = std::min(raw.size(), seasons_.week);
    const auto imputed = std::ranges::count(raw.learnable.last(n), 0);
    return static_cast<double>(imputed) > degraded_share * static_cast<double>(n);
}

Status Forecaster::enough_for(HorizonClass horizon) const {
    if (samples_ < 2) {
        return insufficient("a forecast needs at least two samples, this series has " +
                            std::to_string(samples_));
    }
    if (horizon == HorizonClass::long_48h && !long_.fitted()) {
        return insufficient("the long horizon needs a whole day of hours, this series has " +
                            std::to_string(long_.ensemble().history().size()) + " h");
    }
    if (horizon == HorizonClass::short_15min && setup_.step > quarter) {
        return Error{.code = ErrorCode::validation_error,
                     .message = "this series has a step longer than 15 min; ask for the medium horizon",
                     .detail = {}};
    }
    return Done{};
}

Result<std::vector<ForecastStep>> Forecaster::forecast(HorizonClass horizon, std::size_t steps) const {
    const Status enough = enough_for(horizon);
    if (!enough) return enough.error();
    if (constant()) return constant_forecast(horizon, steps);
    if (horizon == HorizonClass::long_48h) return long_forecast(steps);
    const Duration ahead = horizon == HorizonClass::short_15min ? quarter : one_hour;
    for (const auto& one : horizons_) {
        if (setup_.step * static_cast<std::int64_t>(one.horizon()) == ahead) {
            return std::vector<ForecastStep>{{.valid_at = newest_ + ahead, .forecast = *one.current()}};
        }
    }
    return Error{.code = ErrorCode::validation_error,
                 .message = "the step of this series does not divide 15 min; ask for the medium horizon",
                 .detail = {}};
}

std::vector<ForecastStep> Forecaster::long_forecast(std::size_t steps) const {
    std::vector<IssuedStep> issued(std::min(steps, 2 * hours_a_day));
    long_.forecast(issued, degraded());
    const Time first = floor_to(newest_ + setup_.step, one_hour);
    std::vector<ForecastStep> result;
    for (std::size_t h = 0; h < issued.size(); ++h) {
        result.push_back(
            {.valid_at = first + one_hour * static_cast<std::int64_t>(h), .forecast = issued[h]});
    }
    return result;
}

namespace {

IssuedStep between(const IssuedStep& a, const IssuedStep& b, double share) {
    const auto mix = [&](double x, double y) { return x + share * (y - x); };
    const auto& p = a.quantiles;
    const auto& q = b.quantiles;
    return {.point = mix(a.point, b.point),
            .quantiles = {.p50 = mix(p.p50, q.p50),
                          .p90 = mix(p.p90, q.p90),
                          .p99 = mix(p.p99, q.p99),
                          .lower95 = mix(p.lower95, q.lower95),
                          .upper95 = mix(p.upper95, q.upper95),
                          .calibrated = p.calibrated && q.calibrated,
                          .p99_calibrated = p.p99_calibrated && q.p99_calibrated}};
}

}  // namespace

Result<IssuedStep> Forecaster::forecast_at(Time valid_at) const {
    const auto said = forecast(HorizonClass::long_48h);
    if (!said) return said.error();
    const Time first = said->front().valid_at;
    if (valid_at < first || valid_at >= said->back().valid_at + one_hour) {
        return Error{.code = ErrorCode::validation_error,
                     .message = "forecasts reach from " + format_time(first) + " to " +
                                format_time(said->back().valid_at + one_hour),
                     .detail = {}};
    }
    const auto at = static_cast<std::size_t>((valid_at - first) / one_hour);
    if (setup_.step == one_hour) return (*said)[at].forecast;
    const double share = static_cast<double>((valid_at - (*said)[at].valid_at).count()) /
                             static_cast<double>(one_hour.count()) -
                         0.5;
    const std::size_t other = share < 0 ? (at > 0 ? at - 1 : 0) : std::min(at + 1, said->size() - 1);
    return as_of_a_step(between((*said)[at].forecast, (*said)[other].forecast, std::abs(share)));
}

// What is said of hours is said of their means; a step strays from that of its hour by what no forecast knows
// of the next step either: nearly independent of the error of the mean, of which it makes up 1/n.
IssuedStep Forecaster::as_of_a_step(IssuedStep hour) const {
    const auto shortly = forecast(HorizonClass::short_15min, 1);
    if (!shortly) return hour;
    const auto& near = shortly->front().forecast.quantiles;
    const double unknown =
        1 - static_cast<double>(setup_.step.count()) / static_cast<double>(one_hour.count());
    auto& q = hour.quantiles;
    const auto wider = [unknown](double distance, double of_a_step) {
        return std::sqrt(distance * distance + unknown * of_a_step * of_a_step);
    };
    q.p90 = q.p50 + wider(q.p90 - q.p50, near.p90 - near.p50);
    q.p99 = q.p50 + wider(q.p99 - q.p50, near.p99 - near.p50);
    q.upper95 = q.p50 + wider(q.upper95 - q.p50, near.upper95 - near.p50);
    q.lower95 = q.p50 - wider(q.p50 - q.lower95, near.p50 - near.lower95);
    if (setup_.non_negative) q.lower95 = std::max(q.lower95, 0.0);
    return hour;
}

// A constant forecasts itself; its interval is what the sensor cannot tell apart. Of less than 20 alike
// values no share of 95 % can be told: until then the interval is as wide as the value.
std::vector<ForecastStep> Forecaster::constant_forecast(HorizonClass horizon, std::size_t steps) const {
    const double c = constant_value_;
    const double half = (samples_ < least_constant ? std::abs(c) : 0) + setup_.resolution / 2;
    const auto quantile = [&](double level) {
        return c + (half - setup_.resolution / 2) * student_t5_quantile(level) / student_t5_quantile(0.975);
    };
    const IssuedStep step{.point = c,
                          .quantiles = {.p50 = c,
                                        .p90 = quantile(0.9),
                                        .p99 = std::max(quantile(0.99), c + half),
                                        .lower95 = setup_.non_negative ? std::max(c - half, 0.0) : c - half,
                                        .upper95 = c + half,
                                        .calibrated = false,
                                        .p99_calibrated = false}};
    if (horizon != HorizonClass::long_48h) {
        const Duration ahead = horizon == HorizonClass::short_15min ? quarter : one_hour;
        return {{.valid_at = newest_ + ahead, .forecast = step}};
    }
    const Time first = floor_to(newest_ + setup_.step, one_hour);
    std::vector<ForecastStep> result;
    for (std::size_t h = 0; h < std::min(steps, 2 * hours_a_day); ++h) {
        result.push_back({.valid_at = first + one_hour * static_cast<std::int64_t>(h), .forecast = step});
    }
    return result;
}

namespace {

constexpr std::uint32_t blob_kind = 0x54534346;
constexpr std::uint32_t blob_version = 4;

}  // namespace

std::vector<std::byte> Forecaster::save() const {
    BlobWriter writer;
    writer.put(static_cast<std::int64_t>(setup_.step.count()));
    writer.put(setup_.non_negative);
    transform_.save(writer);
    writer.put(transform_of_first_value_);
    fine_.save(writer);
    for (const auto& horizon : horizons_) horizon.save(writer);
    long_.save(writer);
    outliers_.save(writer);
    writer.put(step_scale_);
    writer.put(to_ms(newest_));
    writer.put(samples_);
    writer.put(hour_sum_);
    writer.put(hour_values_);
    writer.put(hour_learnable_);
    writer.put(constant_);
    writer.put(constant_value_);
    writer.put(refit_due_);
    return writer.finish(blob_kind, blob_version);
}

Status Forecaster::load(std::span<const std::byte> blob) {
    auto reader = BlobReader::open(blob, blob_kind, blob_version);
    if (!reader) return reader.error();
    clear();
    if (reader->get<std::int64_t>() != setup_.step.count()) reader->fail();
    if ((reader->get<std::uint8_t>() != 0) != setup_.non_negative) reader->fail();
    transform_.load(*reader);
    transform_of_first_value_ = reader->get<std::uint8_t>() != 0;
    fine_.load(*reader);
    for (auto& horizon : horizons_) horizon.load(*reader);
    long_.load(*reader);
    outliers_.load(*reader);
    reader->get(step_scale_);
    newest_ = from_ms(reader->get<std::int64_t>());
    reader->get(samples_);
    reader->get(hour_sum_);
    reader->get(hour_values_);
    reader->get(hour_learnable_);
    constant_ = reader->get<std::uint8_t>() != 0;
    reader->get(constant_value_);
    refit_due_ = reader->get<std::uint8_t>() != 0;
    if (reader->finished()) return Done{};
    clear();
    return Error{.code = ErrorCode::validation_error,
                 .message = "the stored forecast state is of another series or set of experts; fit again",
                 .detail = {}};
}

}  // namespace sitepower::forecast
