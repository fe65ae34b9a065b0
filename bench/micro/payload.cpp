// The JSON of one frame of 98 values: ours, and what nlohmann-json takes for the same members.
#include <benchmark/benchmark.h>

#include <nlohmann/json.hpp>
#include <string>

#include "bench/harness/frames.hpp"
#include "daemon/message/payload.hpp"

namespace sitepower::bench {
namespace {

constexpr PayloadHead head{
    .site = "bench", .epoch_bits = 0x0123456789abcdef, .key = MessageKey{7}, .seq = 7, .time = {}};

void readings_json(benchmark::State& state) {
    FrameSource source;
    const auto frame = source.next();
    std::string out;
    for (auto _ : state) {
        out.clear();
        append_readings_json(head, *frame, out);
        benchmark::DoNotOptimize(out.data());
    }
    state.counters["bytes"] = static_cast<double>(out.size());
}
BENCHMARK(readings_json);

void readings_json_nlohmann(benchmark::State& state) {
    FrameSource source;
    const auto frame = source.next();
    std::string out;
    for (auto _ : state) {
        nlohmann::json json{{"site", head.site}, {"device", frame->layout->device}, {"seq", head.seq}};
        json["time"] = format_time(frame->time);
        json["time_ms"] = to_ms(frame->time);
        json["id"] = message_id(head.site, head.epoch_bits, head.key);
        auto& values = json["values"];
        for (std::size_t i = 0; i < frame->values.size(); ++i) {
            values[frame->layout->points[i].name] = frame->values[i];
        }
        out = json.dump();
        benchmark::DoNotOptimize(out.data());
    }
    state.counters["bytes"] = static_cast<double>(out.size());
}
BENCHMARK(readings_json_nlohmann);

}  // namespace
}  // namespace sitepower::bench
