#include "core/forecast/long_forecaster.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/forecast/seasonal_naive/seasonal_naive.hpp"

namespace sitepower::forecast {
namespace {

constexpr double safeguard_days = 3.5;  // of the safeguard: about a week
constexpr double least_matured_days = 2;
constexpr std::size_t ring_days = 30;
// Errors of one day are much alike at these leads: a level is moved by a day about as the short horizons' by
// ten steps, and the local scale is that of a week.
constexpr double scale_memory_days = 7;
constexpr double level_gamma = 0.005;
constexpr double p99_level_gamma = level_gamma / 4;
constexpr std::size_t least_matured_in_block = 48;  // hours of a block, before its own quantiles are used

// Before a second day there is no seasonal error: that of the last value stands in.
double scale_of_errors(const Ensemble& ensemble) {
    const auto values = ensemble.history().values;
    if (ensemble.naive_scale() > 0 || values.size() < 2) return ensemble.naive_scale();
    double sum = 0;
    for (std::size_t i = 1; i < values.size(); ++i) sum += std::abs(values[i] - values[i - 1]);
    return sum / static_cast<double>(values.size() - 1);
}

}  // namespace

LongForecaster::LongForecaster(const EnsembleSetup& setup, bool non_negative)
    : non_negative_(non_negative),
      horizon_(setup.horizon),
      ensemble_(setup),
      safeguard_(2, safeguard_days * static_cast<double>(setup.seasons.day),
                 least_matured_days * static_cast<double>(setup.seasons.day)),
      issues_(setup.horizon),
      spread_(setup.horizon),
      lower_(setup.horizon),
      upper_(setup.horizon),
      p90_(setup.horizon),
      p99_(setup.horizon) {
    for (std::size_t block = 0; block < blocks; ++block) {
        quantiles_.emplace_back(ResidualQuantiles::Setup{.ring = ring_days * setup.seasons.day,
                                                         .day = setup.seasons.day * horizon_ / blocks,
                                                         .non_negative = non_negative,
                                                         .scale_memory_days = scale_memory_days,
                                                         .gamma = level_gamma,
                                                         .p99_gamma = p99_level_gamma,
                                                         .most_unwound = 1});
    }
    for (auto& issue : issues_) {
        issue.combined.resize(horizon_);
        issue.points.resize(horizon_);
        issue.quantiles.resize(horizon_);
    }
    for (auto& naive : naive_) naive.resize(horizon_ * horizon_);
    said_.reserve(horizon_);
}

void LongForecaster::fit(std::span<const double> values, std::span<const std::uint8_t> learnable,
                         std::span<const std::uint16_t> slots) {
    ensemble_.fit(values, learnable, slots);
    settle_fit();
    if (fitted()) issue();
}

void LongForecaster::refit() {
    ensemble_.refit();
    settle_fit();
    if (fitted() && !issues_[(next_ + horizon_ - 1) % horizon_].issued) issue();
}

void LongForecaster::settle_fit() {
    const double scale = scale_of_errors(ensemble_);
    interval_ = BacktestInterval(ensemble_.backtest(), scale, non_negative_);
    for (auto& quantiles : quantiles_) quantiles.set_fallback_scale(scale);
    if (!safeguard_.started()) seed_safeguard();
}

// Until forecasts of its own have matured, those of the back-test say whether the combination can be trusted.
void LongForecaster::seed_safeguard() {
    const History history = ensemble_.history();
    const auto& origins = ensemble_.backtest();
    for (std::size_t origin = 0; origin < origins.size(); ++origin) {
        const std::size_t n = history.size() - (origins.size() - origin) * horizon_;
        const History then = history.earlier(history.size() - n, horizon_);
        for (std::size_t h = 0; h < horizon_; ++h) {
            if (origins[origin].scored[h] == 0) continue;
            const double actual = origins[origin].actual[h];
            const std::size_t daily = seasonal_index(then, n + h, history.seasons.day);
            const std::size_t weekly = seasonal_index(then, n + h, history.seasons.week);
            safeguard_.mature(std::abs(actual - origins[origin].forecast[h]),
                              std::array{std::abs(actual - history.values[daily]),
                                         std::abs(actual - history.values[weekly])});
        }
    }
}

void LongForecaster::refit_and_issue() {
    refit();
    if (!fitted()) return;
    next_ = (next_ + horizon_ - 1) % horizon_;
    issue();
}

void LongForecaster::update(double value, bool learnable, std::uint16_t slot) {
    if (learnable) mature(value);
    ensemble_.update(value, learnable, slot);
    if (fitted()) issue();
}

// The forecast issued h + 1 steps ago said something of this value in its step h.
void LongForecaster::mature(double actual) {
    double combined = 0;
    std::array<double, 2> naive{};
    double count = 0;
    for (std::size_t h = 0; h < horizon_; ++h) {
        const std::size_t at = (next_ + horizon_ - 1 - h) % horizon_;
        const Issue& issue = issues_[at];
        const bool issued = issue.issued;
        if (issued) {
            said_.push_back({.point = issue.points[h], .quantiles = &issue.quantiles[h]});
            combined += std::abs(actual - issue.combined[h]);
            for (std::size_t n = 0; n < naive.size(); ++n) {
                naive[n] += std::abs(actual - naive_[n][at * horizon_ + h]);
            }
            count += 1;
        }
        if (h + 1 < horizon_ && block_of(h + 1) == block_of(h)) continue;
        quantiles_[block_of(h)].mature(said_, actual);
        said_.clear();
    }
    if (count == 0) return;
    for (double& error : naive) error /= count;
    safeguard_.mature(combined / count, naive);
}

void LongForecaster::issue() {
    Issue& issue = issues_[next_];
    ensemble_.forecast(issue.combined, spread_);
    for (std::size_t n = 0; n < 2; ++n) {
        ensemble_.naive_forecast(n, std::span(naive_[n]).subspan(next_ * horizon_, horizon_));
    }
    if (safeguard_.engaged()) {
        std::copy_n(&naive_[safeguard_.best_naive()][next_ * horizon_], horizon_, issue.points.begin());
    } else {
        std::ranges::copy(issue.combined, issue.points.begin());
    }
    quantiles_of(issue.points, issue.quantiles);
    issue.issued = true;
    next_ = (next_ + 1) % horizon_;
}

void LongForecaster::quantiles_of(std::span<const double> points,
                                  std::span<QuantileForecast> quantiles) const {
    interval_.bounds(points, spread_, lower_, upper_);
    interval_.quantile(points, spread_, 0.9, p90_);
    interval_.quantile(points, spread_, 0.99, p99_);
    for (std::size_t h = 0; h < horizon_; ++h) {
        const ResidualQuantiles& block = quantiles_[block_of(h)];
        if (block.matured() >= least_matured_in_block) {
            quantiles[h] = block.about(points[h]);
        } else {
            quantiles[h] = {.p50 = points[h],
                            .p90 = p90_[h],
                            .p99 = p99_[h],
                            .lower95 = lower_[h],
                            .upper95 = upper_[h],
                            .calibrated = interval_.calibrated(),
                            .p99_calibrated = false};
        }
    }
}

void LongForecaster::forecast(std::span<IssuedStep> steps, bool naive_only) const {
    const std::size_t newest = (next_ + horizon_ - 1) % horizon_;
    const Issue& issue = issues_[newest];
    for (std::size_t h = 0; h < std::min(steps.size(), horizon_); ++h) {
        steps[h] = {.point = issue.points[h], .quantiles = issue.quantiles[h]};
        if (!naive_only) continue;
        steps[h].point = naive_[0][newest * horizon_ + h];
        steps[h].quantiles = quantiles_[block_of(h)].about(steps[h].point);
    }
}

void LongForecaster::save(BlobWriter& writer) const {
    ensemble_.save(writer);
    interval_.save(writer);
    safeguard_.save(writer);
    for (const auto& quantiles : quantiles_) quantiles.save(writer);
    for (const auto& issue : issues_) {
        writer.put(issue.issued);
        writer.put_all(std::span<const double>(issue.combined));
        for (std::size_t h = 0; h < horizon_; ++h) {
            put(writer, {.point = issue.points[h], .quantiles = issue.quantiles[h]});
        }
    }
    writer.put(static_cast<std::uint64_t>(next_));
    for (const auto& naive : naive_) writer.put_all(std::span<const double>(naive));
}

void LongForecaster::load(BlobReader& reader) {
    ensemble_.load(reader);
    interval_.load(reader);
    safeguard_.load(reader);
    for (auto& quantiles : quantiles_) quantiles.load(reader);
    for (auto& issue : issues_) {
        issue.issued = reader.get<std::uint8_t>() != 0;
        reader.get_all(std::span<double>(issue.combined));
        for (std::size_t h = 0; h < horizon_; ++h) {
            IssuedStep step;
            get(reader, step);
            issue.points[h] = step.point;
            issue.quantiles[h] = step.quantiles;
        }
    }
    next_ = reader.get<std::uint64_t>();
    if (next_ >= horizon_) {
        reader.fail();
        next_ = 0;
    }
    for (auto& naive : naive_) reader.get_all(std::span<double>(naive));
}

}  // namespace sitepower::forecast
