#include "core/forecast/accuracy.hpp"

#include <algorithm>
#include <cmath>

#include "core/forecast/scores.hpp"

namespace sitepower::forecast {
namespace {

constexpr std::int64_t hour_ms = 3'600'000;
constexpr double alpha = 0.05;

std::int64_t hour_number(Time time) {
    const std::int64_t ms = to_ms(time);
    return ms / hour_ms - (ms % hour_ms < 0 ? 1 : 0);
}

std::int64_t hours_in(AccuracyWindow window) {
    switch (window) {
        case AccuracyWindow::hour:
            return 1;
        case AccuracyWindow::day:
            return 24;
        case AccuracyWindow::week:
            return std::int64_t{7} * 24;
        case AccuracyWindow::month:
            break;
    }
    return std::int64_t{30} * 24;
}

}  // namespace

void AccuracySums::add(std::span<const IssuedStep> said, double actual, double sign) {
    const double before = n_;
    for (const auto& one : said) add_one(one, actual, sign);
    if (n_ != before) n_actual_ += sign;
}

void AccuracySums::add_one(const IssuedStep& forecast, double actual, double sign) {
    const auto& q = forecast.quantiles;
    const double error = q.p50 - actual;
    if (!std::isfinite(error) || !std::isfinite(q.upper95 - q.lower95)) return;
    if (n_ == 0) shift_ = actual;
    n_ += sign;
    error_ += sign * error;
    absolute_ += sign * std::abs(error);
    square_ += sign * error * error;
    if (actual != 0) {
        n_percent_ += sign;
        percent_ += sign * 100 * std::abs(error / actual);
    }
    const double size = std::abs(actual) + std::abs(q.p50);
    symmetric_ += size == 0 ? 0 : sign * 200 * std::abs(error) / size;
    actual_ += sign * (actual - shift_);
    actual_square_ += sign * (actual - shift_) * (actual - shift_);
    pinball50_ += sign * pinball_loss(actual, q.p50, 0.5);
    pinball90_ += sign * pinball_loss(actual, q.p90, 0.9);
    pinball99_ += sign * pinball_loss(actual, q.p99, 0.99);
    inside95_ += actual >= q.lower95 && actual <= q.upper95 ? sign : 0;
    below90_ += actual <= q.p90 ? sign : 0;
    below99_ += actual <= q.p99 ? sign : 0;
    width_ += sign * (q.upper95 - q.lower95);
    interval_ += sign * interval_score(actual, q.lower95, q.upper95, alpha);
}

void AccuracySums::add(const AccuracySums& other) {
    if (other.n_ == 0) return;
    if (n_ == 0) shift_ = other.shift_;
    // Moves the other's sums of actual values to this one's shift.
    const double moved = other.shift_ - shift_;
    actual_square_ += other.actual_square_ + 2 * moved * other.actual_ + other.n_ * moved * moved;
    actual_ += other.actual_ + other.n_ * moved;
    for (auto sum :
         {&AccuracySums::n_, &AccuracySums::n_actual_, &AccuracySums::n_percent_, &AccuracySums::error_,
          &AccuracySums::absolute_, &AccuracySums::square_, &AccuracySums::percent_,
          &AccuracySums::symmetric_, &AccuracySums::pinball50_, &AccuracySums::pinball90_,
          &AccuracySums::pinball99_, &AccuracySums::inside95_, &AccuracySums::below90_,
          &AccuracySums::below99_, &AccuracySums::width_, &AccuracySums::interval_}) {
        this->*sum += other.*sum;
    }
}

void AccuracySums::save(BlobWriter& writer) const {
    for (const double sum : {n_, n_actual_, n_percent_, error_, absolute_, square_, percent_, symmetric_,
                             shift_, actual_, actual_square_, pinball50_, pinball90_, pinball99_, inside95_,
                             below90_, below99_, width_, interval_}) {
        writer.put(sum);
    }
}

void AccuracySums::load(BlobReader& reader) {
    for (double* sum : {&n_, &n_actual_, &n_percent_, &error_, &absolute_, &square_, &percent_, &symmetric_,
                        &shift_, &actual_, &actual_square_, &pinball50_, &pinball90_, &pinball99_, &inside95_,
                        &below90_, &below99_, &width_, &interval_}) {
        reader.get(*sum);
    }
}

AccuracyFigures AccuracySums::figures(std::optional<double> scale) const {
    AccuracyFigures figures{.n = static_cast<std::uint64_t>(std::max(n_, 0.0)),
                            .n_actual = static_cast<std::uint64_t>(std::max(n_actual_, 0.0)),
                            .n_percent = static_cast<std::uint64_t>(std::max(n_percent_, 0.0))};
    if (figures.n_actual < least_matches) return figures;
    const auto mean = [&](double sum) { return std::optional(sum / n_); };
    figures.mae = mean(absolute_);
    figures.rmse = std::sqrt(std::max(square_ / n_, 0.0));
    figures.smape_pct = mean(symmetric_);
    figures.bias = mean(error_);
    if (n_percent_ > 0) figures.mape_pct = percent_ / n_percent_;
    const double total = actual_square_ - actual_ * actual_ / n_;
    if (total > 1e-12 * std::max(actual_square_, 1e-300)) figures.r2 = 1 - square_ / total;
    figures.pinball50 = mean(pinball50_);
    figures.pinball90 = mean(pinball90_);
    figures.pinball99 = mean(pinball99_);
    figures.coverage95 = mean(inside95_);
    figures.coverage90 = mean(below90_);
    figures.coverage99 = mean(below99_);
    figures.mean_width = mean(width_);
    if (scale && *scale > 0) {
        figures.mase = absolute_ / n_ / *scale;
        figures.msis = interval_ / n_ / *scale;
    }
    return figures;
}

AccuracySums* Accuracy::hour_of(Time valid_at) {
    const std::int64_t number = hour_number(valid_at);
    if (!hours_.empty() && number + static_cast<std::int64_t>(kept_hours) <= hours_.back().number)
        return nullptr;
    auto place = std::ranges::lower_bound(hours_, number, {}, &Hour::number);
    if (place == hours_.end() || place->number != number) {
        place = hours_.insert(place, {.number = number, .sums = {}});
    }
    while (hours_.front().number + static_cast<std::int64_t>(kept_hours) <= hours_.back().number) {
        hours_.pop_front();
        place = std::ranges::lower_bound(hours_, number, {}, &Hour::number);
    }
    return &place->sums;
}

bool Accuracy::match(Time valid_at, std::span<const IssuedStep> said, double actual) {
    AccuracySums* sums = std::isfinite(actual) && !said.empty() ? hour_of(valid_at) : nullptr;
    if (sums == nullptr) return false;
    sums->add(said, actual);
    return true;
}

bool Accuracy::correct(Time valid_at, std::span<const IssuedStep> said, double before, double after) {
    AccuracySums* sums = std::isfinite(after) && std::isfinite(before) ? hour_of(valid_at) : nullptr;
    if (sums == nullptr || sums->n() == 0) return false;
    sums->add(said, before, -1);
    sums->add(said, after);
    return true;
}

void Accuracy::save(BlobWriter& writer) const {
    writer.put(static_cast<std::uint64_t>(hours_.size()));
    for (const Hour& hour : hours_) {
        writer.put(hour.number);
        hour.sums.save(writer);
    }
}

void Accuracy::load(BlobReader& reader) {
    hours_.clear();
    const auto size = reader.get<std::uint64_t>();
    if (size > kept_hours) return reader.fail();
    for (std::uint64_t i = 0; i < size && reader.ok(); ++i) {
        Hour hour;
        reader.get(hour.number);
        hour.sums.load(reader);
        // Windows count on the order of time.
        if (!hours_.empty() && hour.number <= hours_.back().number) return reader.fail();
        hours_.push_back(hour);
    }
}

AccuracyFigures Accuracy::over(AccuracyWindow window, Time now, std::optional<double> scale) const {
    const std::int64_t end = hour_number(now);
    const std::int64_t first = end - hours_in(window);
    AccuracySums sums;
    for (const Hour& hour : hours_) {
        if (hour.number >= first && hour.number < end) sums.add(hour.sums);
    }
    return sums.figures(scale);
}

}  // namespace sitepower::forecast
