// What a day-ahead price forecast costs: a whole day with all windows, and its parts.
#include <benchmark/benchmark.h>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/forecast/day_ahead/forecaster.hpp"
#include "core/forecast/day_ahead/kernel.hpp"

namespace sitepower::bench {
namespace {

using namespace forecast;

// Uniform in -1..1 (Knuth's MMIX generator): the same days on every machine.
class Noise {
  public:
    double operator()() {
        state_ = state_ * 6364136223846793005U + 1442695040888963407U;
        return static_cast<double>(state_ >> 11U) / 4503599627370496.0 - 1;
    }

  private:
    std::uint64_t state_ = 1;
};

Day price_day(int index, Noise& noise) {
    Day day{.date = std::chrono::sys_days{std::chrono::days{15'000 + index}},
            .target = {},
            .covariates = {{}, {}}};
    const double wind = noise();
    for (int hour = 0; hour < 24; ++hour) {
        day.covariates[0].push_back(45'000 + 5'000 * std::sin(hour / 4.0) + 1'000 * noise());
        day.covariates[1].push_back(2'000 + 1'000 * wind + 200 * noise());
        day.target.push_back(30 + 5 * std::sin(hour / 4.0) - 6 * wind + noise());
    }
    return day;
}

// One day of operation: forecast with all experts, stacking and quantiles, then learn what came.
void price_day_ahead(benchmark::State& state) {
    auto created = DayAheadForecaster::create(price_setup(24, {{.name = "load"}, {.name = "wind"}}));
    if (!created) return state.SkipWithError(created.error().message.c_str());
    Noise noise;
    int index = 0;
    for (; index < 1480; ++index) {
        const Day day = price_day(index, noise);
        if (index >= 1465 && !created->forecast(day)) return state.SkipWithError("no forecast");
        if (!created->learn(day)) return state.SkipWithError("not learnt");
    }
    for (auto _ : state) {
        const Day day = price_day(index++, noise);
        benchmark::DoNotOptimize(created->forecast(day));
        benchmark::DoNotOptimize(created->learn(day));
    }
}
BENCHMARK(price_day_ahead)->Unit(benchmark::kMillisecond);

void moments_add(benchmark::State& state) {
    Moments moments(250, 24);
    const Eigen::VectorXd row = Eigen::VectorXd::LinSpaced(250, -1, 1);
    const Eigen::VectorXd target = Eigen::VectorXd::LinSpaced(24, -1, 1);
    for (auto _ : state) {
        moments.add(row, target);
        benchmark::ClobberMemory();
    }
}
BENCHMARK(moments_add)->Unit(benchmark::kMicrosecond);

void kernel_of_days(benchmark::State& state) {
    const Eigen::Index days = state.range(0);
    Noise noise;
    const auto random = [&noise](Eigen::Index r, Eigen::Index c) {
        return Eigen::MatrixXd(
            Eigen::MatrixXd::NullaryExpr(r, c, [&noise](auto, auto) { return noise() / 10; }));
    };
    const Eigen::MatrixXd rows = random(days, 250);
    const Eigen::MatrixXd targets = random(days, 24);
    const Eigen::VectorXd row = random(250, 1);
    for (auto _ : state) {
        benchmark::DoNotOptimize(kernel_ridge(rows, targets, row, {}));
    }
}
BENCHMARK(kernel_of_days)->Arg(364)->Arg(728)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sitepower::bench
