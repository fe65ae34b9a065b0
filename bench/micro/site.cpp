// What the engine does with one frame: 98 values of one device, and a jar's 6 in a site of 216 jars.
#include <benchmark/benchmark.h>

#include <fmt/format.h>

#include <memory>
#include <vector>

#include "bench/harness/frames.hpp"
#include "core/site/site.hpp"

namespace sitepower::bench {
namespace {

constexpr int strings = 6;
constexpr int jars_per_string = 36;

DeviceModel device_of(const std::shared_ptr<const Layout>& layout) {
    DeviceModel device{.id = layout->device, .layouts = {layout}};
    for (const auto& point : layout->points) {
        device.points.push_back({.name = point.name, .unit = point.unit});
    }
    return device;
}

void handle_frame(benchmark::State& state) {
    FrameSource source;
    auto model = std::make_shared<SiteModel>();
    model->id = "bench";
    model->locations = {{.id = "HALL"}};
    model->devices.push_back(device_of(source.layout()));
    Site site(model, {});
    Effects effects;
    for (auto _ : state) {
        state.PauseTiming();
        const auto frame = source.next();
        state.ResumeTiming();
        effects.clear();
        site.handle(frame, frame->time, effects);
    }
}
BENCHMARK(handle_frame)->Iterations(200'000);

std::shared_ptr<const Layout> jar_layout(std::size_t jar) {
    auto layout = std::make_shared<Layout>();
    layout->device = fmt::format("JAR-{:03}", jar);
    layout->device_index = DeviceIndex{static_cast<std::uint32_t>(jar)};
    layout->group = "all";
    layout->period = Duration{1000};
    layout->points = {
        {.name = "jar.voltage_v", .unit = "V"},       {.name = "jar.current_a", .unit = "A"},
        {.name = "jar.temperature_c", .unit = "Cel"}, {.name = "jar.internal_resistance_ohm", .unit = "Ohm"},
        {.name = "jar.soc_pct", .unit = "%"},         {.name = "jar.soh_pct", .unit = "%"}};
    return layout;
}

PointRef point(std::size_t jar, std::uint32_t slot) {
    return {.device = DeviceIndex{static_cast<std::uint32_t>(jar)}, .slot = slot};
}

void add_jar(SiteModel& model, std::size_t jar) {
    const std::size_t string = jar / jars_per_string;
    model.devices.push_back(device_of(jar_layout(jar)));
    model.batteries.push_back({.id = fmt::format("BAT-{:03}", jar),
                               .string = StringIndex{static_cast<std::uint32_t>(string)},
                               .position = static_cast<int>(jar % jars_per_string) + 1,
                               .voltage_v = point(jar, 0),
                               .temperature_c = point(jar, 2),
                               .internal_resistance_ohm = point(jar, 3)});
    model.strings[string].batteries.push_back(BatteryIndex{static_cast<std::uint32_t>(jar)});
}

std::shared_ptr<const SiteModel> fleet_model() {
    auto model = std::make_shared<SiteModel>();
    model->id = "bench";
    model->locations = {{.id = "HALL"}};
    for (int string = 0; string < strings; ++string) {
        model->strings.push_back({.id = fmt::format("STR-{}", string),
                                  .nominal_capacity_ah = 100,
                                  .current_a = point(static_cast<std::size_t>(string) * jars_per_string, 1)});
    }
    for (std::size_t jar = 0; jar < std::size_t{strings} * jars_per_string; ++jar) {
        add_jar(*model, jar);
    }
    return model;
}

FramePtr jar_frame(const std::shared_ptr<const Layout>& layout, Time time) {
    const double noise = static_cast<double>(to_ms(time) / 1000 % 16) * 0.001;
    return std::make_shared<const Frame>(Frame{.layout = layout,
                                               .time = time,
                                               .values = {13.6 + noise, 0.02, 23.1, 0.00415, 100, 98.7},
                                               .quality = std::vector<Quality>(6, Quality::good)});
}

// One second of the site: 216 frames and a tick.
void handle_second_of_fleet(benchmark::State& state) {
    const auto model = fleet_model();
    Site site(model, {});
    Effects effects;
    Time now = from_ms(1'767'225'600'000);
    for (auto _ : state) {
        state.PauseTiming();
        now += Duration{1000};
        std::vector<FramePtr> frames;
        for (const auto& device : model->devices) {
            frames.push_back(jar_frame(device.layouts[0], now));
        }
        effects.clear();
        state.ResumeTiming();
        for (const auto& frame : frames) {
            site.handle(frame, now, effects);
        }
        site.handle(Tick{}, now, effects);
    }
    state.SetItemsProcessed(state.iterations() * strings * jars_per_string);
}
BENCHMARK(handle_second_of_fleet)->Iterations(2000);

}  // namespace
}  // namespace sitepower::bench
