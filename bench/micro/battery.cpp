// What the estimators cost: one update of the filter, one battery of a string of 36, one runtime.
#include <benchmark/benchmark.h>

#include <memory>
#include <vector>

#include "core/battery/autonomy/runtime.hpp"
#include "core/battery/soc/kalman/cell_filter.hpp"
#include "core/battery/soc/kalman/kalman.hpp"

namespace sitepower::bench {
namespace {

BatteryParameters block() {
    BatteryParameters block;
    block.nominal_voltage_v = 12;
    block.nominal_capacity_ah = 100;
    block.ocv_soc = {0, 0.1, 0.5, 0.9, 1};
    block.ocv_v = {10.9, 11.4, 12.1, 12.7, 13};
    block.resistance_soc = {0, 1};
    block.resistances = {{25, {0.005, 0.004}, {0.002, 0.001}, {0.003, 0.002}}};
    block.tau2_s = 3600;
    block.limits = {.highest_v = 15, .cutoff_v = 10.5};
    return block;
}

// Prediction, lookup, noise and correction, of as many batteries as are named: the filters of 100 000 do not
// fit into the cache.
void cell_update(benchmark::State& state) {
    const CellModel model(block());
    const CellSetting setting{&model, {}, 100};
    struct Cell {
        CellFilter filter;
        CellPoint here;
    };
    std::vector<Cell> cells(static_cast<std::size_t>(state.range(0)));
    for (auto& [filter, here] : cells) {
        filter = {.soc = 0.7, .ss = 0.01, .p11 = 1e-4, .p22 = 1e-4, .bb = 0.01};
        here = model.at(filter.soc, 25);
    }
    const StepInterval step{.dt_s = 1, .decay1 = 0.9, .decay2 = 0.9997, .flow_a = -10, .current_a = -10};
    for (auto _ : state) {
        for (auto& [filter, here] : cells) {
            predict(filter, setting, here, step);
            here = model.at(filter.soc, 25);
            const auto noise = measurement_noise(setting, filter.soc, -10, 1);
            correct(filter, innovation(filter, setting, here, -10, 12.3, noise));
        }
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(cell_update)->Arg(1)->Arg(1000)->Arg(100'000);

void string_step(benchmark::State& state) {
    GroupSetup setup{.nominal_capacity_ah = 100, .batteries = 36, .has_current_sensor = true};
    setup.stale_after = Duration{150'000};
    setup.float_full_after = std::chrono::hours(24);
    setup.model = std::make_shared<const CellModel>(block());
    KalmanEstimator estimator(setup);
    const std::vector<std::optional<double>> voltages(36, 12.3);
    const std::vector<std::optional<double>> temperatures(36, 24.0);
    std::vector<Estimate> estimates(36);
    const GroupSample sample{
        .elapsed = Duration{1000}, .current_a = -5, .voltages_v = voltages, .temperatures_c = temperatures};
    for (auto _ : state) estimator.step(sample, estimates);
    state.SetItemsProcessed(state.iterations() * 36);
}
BENCHMARK(string_step);

void runtime(benchmark::State& state) {
    const CellModel model(block());
    RuntimeInput input{.start = {.soc = 0.95, .capacity_ah = 100}};
    input.soc_sigma = 0.02;
    input.capacity_sigma = 0.1;
    input.resistance_sigma = 0.2;
    input.power_w = static_cast<double>(state.range(0));
    input.power_sigma = 0.03;
    for (auto _ : state) {
        benchmark::DoNotOptimize(runtime_at_power(model, {}, input, {.cutoff_v = 10.5}));
    }
}
BENCHMARK(runtime)->Arg(2000)->Arg(100);

}  // namespace
}  // namespace sitepower::bench
