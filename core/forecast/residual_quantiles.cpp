#include "core/forecast/residual_quantiles.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace sitepower::forecast {
namespace {

constexpr std::size_t least_scores = 40;
constexpr std::size_t least_p99_scores = 200;
constexpr double median_shrinkage = 50;
constexpr double least_scale_memory = 36;  // samples
constexpr double sigma_of_mae = 1.2533;    // sqrt(pi / 2)

}  // namespace

void put(BlobWriter& writer, const IssuedStep& step) {
    const auto& q = step.quantiles;
    for (const double value : {step.point, q.p50, q.p90, q.p99, q.lower95, q.upper95}) writer.put(value);
    for (const bool flag : {q.calibrated, q.p99_calibrated}) writer.put(flag);
}

void get(BlobReader& reader, IssuedStep& step) {
    auto& q = step.quantiles;
    for (double* value : {&step.point, &q.p50, &q.p90, &q.p99, &q.lower95, &q.upper95}) reader.get(*value);
    for (bool* flag : {&q.calibrated, &q.p99_calibrated}) *flag = reader.get<std::uint8_t>() != 0;
}

ResidualQuantiles::ResidualQuantiles(const Setup& setup)
    : setup_(setup),
      signed_(setup.ring),
      sizes_(setup.ring),
      p90_(0.1, setup.gamma, -setup.most_unwound * 0.1),
      p99_(0.01, setup.p99_gamma, -setup.most_unwound * 0.01),
      both_(0.05, setup.gamma, -setup.most_unwound * 0.05) {}

// What residuals are divided by: the recent error, half of it in proportion to the forecast.
double ResidualQuantiles::width(double forecast) const {
    const double error = matured_ >= 1 && error_ > 0 ? error_ : setup_.fallback_scale;
    if (!setup_.non_negative || level_ <= 0) return error;
    return error * (0.5 + 0.5 * std::clamp(forecast / level_, 0.0, 10.0));
}

QuantileForecast ResidualQuantiles::about(double forecast) const {
    QuantileForecast q;
    const double scale = width(forecast);
    const auto n = static_cast<double>(signed_.size());
    q.calibrated = signed_.size() >= least_scores;
    q.p99_calibrated = signed_.size() >= least_p99_scores;
    const double sigma = scale * sigma_of_mae;
    q.p50 = forecast + (n > 0 ? scale * signed_.quantile(0.5).value * n / (n + median_shrinkage) : 0.0);
    q.p90 = q.calibrated ? forecast + scale * signed_.quantile(p90_.level()).value
                         : forecast + sigma * student_t5_quantile(0.9);
    q.p99 = q.p99_calibrated ? forecast + scale * signed_.quantile(p99_.level()).value
                             : forecast + sigma * student_t5_quantile(0.99);
    const double half =
        q.calibrated ? scale * sizes_.quantile(both_.level()).value : sigma * student_t5_quantile(0.975);
    q.lower95 = forecast - half;
    q.upper95 = forecast + half;
    if (setup_.non_negative) {
        for (double* value : {&q.p50, &q.p90, &q.p99, &q.lower95}) *value = std::max(*value, 0.0);
    }
    // Quantiles must not cross (Chernozhukov, Fernandez-Val, Galichon, Econometrica 78 (2010) 1093-1125).
    std::array ordered{q.p50, q.p90, q.p99};
    std::ranges::sort(ordered);
    q.p50 = ordered[0];
    q.p90 = ordered[1];
    q.p99 = ordered[2];
    // Nor may they cross the interval. It gives way, and its level makes up for that by what was said; but to
    // a p99 of few scores.
    if (q.p99_calibrated) {
        q.upper95 = std::min(q.upper95, q.p99);
    } else {
        q.p99 = std::max(q.p99, q.upper95);
    }
    q.upper95 = std::max(q.upper95, q.p90);
    q.lower95 = std::min(q.lower95, q.p50);
    return q;
}

void ResidualQuantiles::mature(double forecast, const QuantileForecast& said, double actual) {
    mature(std::array{Said{.point = forecast, .quantiles = &said}}, actual);
}

// The levels move by the share of the forecasts that missed, once a value, and the ring gets the residual of
// one of them: they are hardly independent, and the ring is to last. Which one changes with the value, and
// with the day, so that each meets all hours.
void ResidualQuantiles::mature(std::span<const Said> said, double actual) {
    if (said.empty() || !std::isfinite(actual)) return;
    adapt(said, actual);
    const std::size_t values_a_day = std::max<std::size_t>(setup_.day / said.size(), 1);
    const Said& kept = said[(turns_ + turns_ / values_a_day) % said.size()];
    ++turns_;
    if (const double scale = width(kept.point); scale > 0) {
        signed_.add((actual - kept.point) / scale);
        sizes_.add(std::abs(actual - kept.point) / scale);
    }
    for (const Said& one : said) {
        if (!std::isfinite(one.point)) continue;
        const double memory = std::max(
            1 / std::max(setup_.scale_memory_days * static_cast<double>(setup_.day), least_scale_memory),
            1 / (matured_ + 1));
        error_ += memory * (std::abs(actual - one.point) - error_);
        level_ += memory * (actual - level_);
        matured_ += 1;
    }
}

void ResidualQuantiles::adapt(std::span<const Said> said, double actual) {
    double calibrated = 0, p99_calibrated = 0, above90 = 0, above99 = 0, outside = 0;
    for (const Said& one : said) {
        const QuantileForecast& q = *one.quantiles;
        if (!std::isfinite(one.point) || width(one.point) <= 0) continue;
        if (q.calibrated) {
            calibrated += 1;
            above90 += actual > q.p90 ? 1 : 0;
            outside += actual < q.lower95 || actual > q.upper95 ? 1 : 0;
        }
        if (q.p99_calibrated) {
            p99_calibrated += 1;
            above99 += actual > q.p99 ? 1 : 0;
        }
    }
    if (calibrated > 0) {
        p90_.update(above90 / calibrated, signed_.quantile(p90_.level()).beyond);
        both_.update(outside / calibrated, sizes_.quantile(both_.level()).beyond);
    }
    if (p99_calibrated > 0) p99_.update(above99 / p99_calibrated, signed_.quantile(p99_.level()).beyond);
}

double ResidualQuantiles::p_value(double forecast, double actual) const {
    const double scale = width(forecast);
    if (!std::isfinite(actual) || scale <= 0) return 1;
    return sizes_.p_value(std::abs(actual - forecast) / scale);
}

void ResidualQuantiles::save(BlobWriter& writer) const {
    signed_.save(writer);
    sizes_.save(writer);
    for (const auto* level : {&p90_, &p99_, &both_}) level->save(writer);
    for (const double value : {setup_.fallback_scale, error_, level_, matured_}) writer.put(value);
    writer.put(turns_);
}

void ResidualQuantiles::load(BlobReader& reader) {
    signed_.load(reader);
    sizes_.load(reader);
    for (auto* level : {&p90_, &p99_, &both_}) level->load(reader);
    for (double* value : {&setup_.fallback_scale, &error_, &level_, &matured_}) reader.get(*value);
    reader.get(turns_);
}

}  // namespace sitepower::forecast
