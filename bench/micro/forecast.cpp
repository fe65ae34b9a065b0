// What a series costs: a full fit with back-test and intervals on forty days of hours, a sample, a forecast,
// a nightly retraining.
#include <benchmark/benchmark.h>

#include <cmath>
#include <memory>
#include <numbers>
#include <vector>

#include "core/forecast/backtest_interval.hpp"
#include "core/forecast/forecaster.hpp"
#include "core/forecast/long_forecaster.hpp"

namespace sitepower::bench {
namespace {

using namespace forecast;

constexpr std::size_t samples = 960;
constexpr std::size_t horizon = 48;
constexpr Duration five_minutes{300'000};
const Time start = from_ms(1'767'225'600'000);

double load(std::size_t t, double steps_a_day) {
    const double turn = 2 * std::numbers::pi * static_cast<double>(t) / steps_a_day;
    const auto hash = static_cast<std::uint32_t>(t) * 2654435761U;
    const double noise = static_cast<double>(hash >> 8U) / 16777216.0 - 0.5;
    return 100 + 30 * std::sin(turn) + 10 * std::cos(turn / 7) + 8 * noise;
}

struct Hours {
    Hours() {
        for (std::size_t t = 0; t < samples + horizon; ++t)
            slots.push_back(static_cast<std::uint16_t>(t % 168));
        for (std::size_t t = 0; t < samples; ++t) values.push_back(load(t, 24));
        learnable.assign(samples, 1);
    }
    std::vector<double> values;
    std::vector<std::uint8_t> learnable;
    std::vector<std::uint16_t> slots;
};

void forecast_full_fit(benchmark::State& state) {
    const Hours hours;
    LongForecaster forecaster({}, true);
    for (auto _ : state) {
        forecaster.fit(hours.values, hours.learnable, hours.slots);
        benchmark::DoNotOptimize(forecaster.fitted());
    }
}
BENCHMARK(forecast_full_fit)->Unit(benchmark::kMillisecond);

// With a prior of five matrices (of no meaning: the cost is the same).
void forecast_full_fit_with_prior(benchmark::State& state) {
    const Hours hours;
    auto prior = std::make_shared<PriorLibrary>();
    prior->shape = window_shape(Seasons{}, horizon);
    prior->transformed.assign(5, Eigen::MatrixXd::Constant(192, 48, 0.001));
    prior->raw = prior->transformed;
    LongForecaster forecaster({.prior = prior}, true);
    for (auto _ : state) {
        forecaster.fit(hours.values, hours.learnable, hours.slots);
        benchmark::DoNotOptimize(forecaster.fitted());
    }
}
BENCHMARK(forecast_full_fit_with_prior)->Unit(benchmark::kMillisecond);

// An hour's value into the fitted experts.
void forecast_update_experts(benchmark::State& state) {
    const Hours hours;
    Ensemble ensemble({});
    ensemble.fit(hours.values, hours.learnable, hours.slots);
    std::size_t t = samples;
    for (auto _ : state) {
        ensemble.update(load(t, 24), true, static_cast<std::uint16_t>(t % 168));
        ++t;
    }
}
BENCHMARK(forecast_update_experts)->Unit(benchmark::kMicrosecond);

// 48 steps with quantiles, combined anew from the fitted state.
void forecast_48_steps(benchmark::State& state) {
    const Hours hours;
    Ensemble ensemble({});
    ensemble.fit(hours.values, hours.learnable, hours.slots);
    const BacktestInterval interval(ensemble.backtest(), ensemble.naive_scale(), true);
    std::vector<double> point(horizon);
    std::vector<double> spread(horizon);
    std::vector<double> lower(horizon);
    std::vector<double> upper(horizon);
    for (auto _ : state) {
        ensemble.forecast(point, spread);
        interval.bounds(point, spread, lower, upper);
        benchmark::DoNotOptimize(upper.data());
    }
}
BENCHMARK(forecast_48_steps)->Unit(benchmark::kMicrosecond);

std::unique_ptr<Forecaster> fed(std::size_t days) {
    auto made = Forecaster::make({.step = five_minutes});
    auto forecaster = std::move(made.value());
    for (std::size_t t = 0; t < days * 288; ++t) {
        forecaster->update(start + five_minutes * static_cast<std::int64_t>(t), load(t, 288));
    }
    return forecaster;
}

// A five-minute sample of a series with all horizons, the hourly and daily work included.
void forecast_sample(benchmark::State& state) {
    auto forecaster = fed(30);
    std::size_t t = std::size_t{30} * 288;
    for (auto _ : state) {
        forecaster->update(start + five_minutes * static_cast<std::int64_t>(t), load(t, 288));
        ++t;
    }
}
BENCHMARK(forecast_sample)->Unit(benchmark::kMicrosecond)->Iterations(20'000);

// What happens every night, times 200 series.
void forecast_retrain_200_series(benchmark::State& state) {
    auto forecaster = fed(45);
    for (auto _ : state) {
        for (int i = 0; i < 200; ++i) forecaster->retrain();
    }
}
BENCHMARK(forecast_retrain_200_series)->Unit(benchmark::kMillisecond)->Iterations(1);

}  // namespace
}  // namespace sitepower::bench
