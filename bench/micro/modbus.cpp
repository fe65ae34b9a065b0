// From 100 registers to 98 values, and the plan of the requests that fetch them.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

#include "bench/harness/frames.hpp"
#include "drivers/modbus/decode.hpp"
#include "drivers/modbus/planner.hpp"

namespace sitepower::bench {
namespace {

using modbus::PointDecoder;
using modbus::RegisterPoint;
using modbus::ValueType;

std::vector<RegisterPoint> points() {
    std::vector<RegisterPoint> result(2, RegisterPoint{.type = ValueType::u32});
    result[1].address = 2;
    for (std::uint16_t address = 4; address < frame_registers; ++address) {
        result.push_back(
            {.address = address, .scale = 0.001, .invalid = {0xFFFF}, .minimum = 0, .maximum = 20});
    }
    return result;
}

void decode_frame(benchmark::State& state) {
    std::vector<PointDecoder> decoders;
    for (const auto& point : points()) {
        decoders.emplace_back(point, std::uint16_t{0});
    }
    FrameSource source;
    const auto registers = source.next_registers();
    std::vector<modbus::Reading> readings(decoders.size());
    for (auto _ : state) {
        std::ranges::transform(decoders, readings.begin(),
                               [&](const PointDecoder& decoder) { return decoder.decode(registers); });
        benchmark::DoNotOptimize(readings.data());
    }
}
BENCHMARK(decode_frame);

void plan_reads(benchmark::State& state) {
    const auto all = points();
    for (auto _ : state) {
        auto plan = modbus::plan_reads(all, {});
        benchmark::DoNotOptimize(plan);
    }
}
BENCHMARK(plan_reads);

}  // namespace
}  // namespace sitepower::bench
