#include "core/forecast/residual_quantiles.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace sitepower::forecast {
namespace {

constexpr double gamma = 0.02;
constexpr double p99_gamma = 0.005;  // of rare misses: a larger step throws the level about
constexpr std::size_t least_scores = 40;
constexpr std::size_t least_p99_scores = 200;
constexpr double median_shrinkage = 50;
// Of the local scale: of a quarter of a day to two days the shortest came nearest to the stated coverage,
// most of all where errors grow.
constexpr double scale_memory_days = 0.25;
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
      p90_(0.1, gamma),
      p99_(0.01, p99_gamma),
      both_(0.05, gamma) {}

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
    return q;
}

void ResidualQuantiles::mature(double forecast, const QuantileForecast& said, double actual) {
    if (!std::isfinite(forecast) || !std::isfinite(actual)) return;
    const double scale = width(forecast);
    if (scale > 0) {
        if (said.calibrated) {
            p90_.update(actual > said.p90, signed_.quantile(p90_.level()).beyond);
            both_.update(actual < said.lower95 || actual > said.upper95,
                         sizes_.quantile(both_.level()).beyond);
        }
        if (said.p99_calibrated) p99_.update(actual > said.p99, signed_.quantile(p99_.level()).beyond);
        signed_.add((actual - forecast) / scale);
        sizes_.add(std::abs(actual - forecast) / scale);
    }
    const double memory =
        std::max(1 / std::max(scale_memory_days * static_cast<double>(setup_.day), least_scale_memory),
                 1 / (matured_ + 1));
    error_ += memory * (std::abs(actual - forecast) - error_);
    level_ += memory * (actual - level_);
    matured_ += 1;
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
}

void ResidualQuantiles::load(BlobReader& reader) {
    signed_.load(reader);
    sizes_.load(reader);
    for (auto* level : {&p90_, &p99_, &both_}) level->load(reader);
    for (double* value : {&setup_.fallback_scale, &error_, &level_, &matured_}) reader.get(*value);
}

}  // namespace sitepower::forecast
