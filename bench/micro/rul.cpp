// Remaining life: one update of a cycled cell against a library of 60 curves, and of a jar on float.
#include <benchmark/benchmark.h>

#include <cmath>
#include <memory>
#include <vector>

#include "core/battery/rul/particle/float_life.hpp"
#include "core/battery/rul/trajectory/predictor.hpp"

namespace sitepower::bench {
namespace {

FadeShape fade(double life, double power, double until, double stride) {
    FadeShape shape{.name = "cell", .group = "lot"};
    for (double age = 1; age <= until * life; age += stride) {
        shape.age.push_back(age);
        shape.health.push_back(1 - 0.2 * std::pow(age / life, power));
    }
    return shape;
}

std::shared_ptr<const FadeLibrary> some_library() {
    std::vector<FadeShape> shapes;
    for (int i = 0; i < 60; ++i) shapes.push_back(fade(300 + 20 * i, 1 + 0.05 * i, 1.1, 20));
    auto library = FadeLibrary::make(shapes, {});
    return std::make_shared<const FadeLibrary>(std::move(*library));
}

void predict_trajectory(benchmark::State& state) {
    TrajectoryPredictor predictor(some_library());
    const FadeShape history = fade(700, 2, 0.6, 420.0 / static_cast<double>(state.range(0)));
    for (auto _ : state) {
        benchmark::DoNotOptimize(
            predictor.predict({.history = {history.age, history.health}, .group = "lot"}));
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(predict_trajectory)->Arg(50)->Arg(400);

// One resistance or test, then health and the quantiles of the remaining life.
void update_particles(benchmark::State& state) {
    ThermalAge thermal;
    for (int day = 0; day < 400; ++day) thermal.add(std::chrono::hours(24), 20 + day % 15);
    FloatLife life({}, 1);
    double days = 400;
    for (auto _ : state) {
        days = days < 2'000 ? days + 1 : 400;
        const BatteryAge age{thermal.age_days(days), thermal.rate()};
        life.learn_health(1 - 0.2 * std::pow(days / 2'500, 2.5), 0.025, age);
        benchmark::DoNotOptimize(life.health(age));
        benchmark::DoNotOptimize(life.remaining(age, 5'475));
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(update_particles);

// A site of 10 000 packs, each with 30 points of capacity, once a day. Goal: 300 ms.
void predict_10000_packs(benchmark::State& state) {
    TrajectoryPredictor predictor(some_library());
    std::vector<FadeShape> histories;
    for (int i = 0; i < 100; ++i)
        histories.push_back(fade(400 + 5 * i, 1.5, 0.2 + 0.007 * i, (80 + 3.5 * i) / 30));
    for (auto _ : state) {
        for (std::size_t i = 0; i < 10'000; ++i) {
            const FadeShape& history = histories[i % histories.size()];
            benchmark::DoNotOptimize(
                predictor.predict({.history = {history.age, history.health}, .group = "lot"}));
        }
    }
}
BENCHMARK(predict_10000_packs)->Unit(benchmark::kMillisecond);

// 10 000 jars on float, once a day: health and remaining life. Goal: 300 ms.
void update_10000_jars(benchmark::State& state) {
    constexpr std::size_t jars = 10'000;
    ThermalAge thermal;
    for (int day = 0; day < 400; ++day) thermal.add(std::chrono::hours(24), 20 + day % 15);
    std::vector<FloatLife> lives;
    for (std::size_t i = 0; i < jars; ++i) lives.emplace_back(FloatLifePriors{}, i);
    double days = 400;
    for (auto _ : state) {
        days += 1;
        const BatteryAge age{thermal.age_days(days), thermal.rate()};
        for (FloatLife& life : lives) {
            benchmark::DoNotOptimize(life.health(age));
            benchmark::DoNotOptimize(life.remaining(age, 5'475));
        }
    }
}
BENCHMARK(update_10000_jars)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sitepower::bench
