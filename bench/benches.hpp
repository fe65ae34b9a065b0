// The measurements by name. Each takes its figures on a site of its own and adds them to the report; a
// failure is thrown. Main thread.
#pragma once

#include <filesystem>
#include <optional>
#include <span>

#include "bench/harness/waiting.hpp"
#include "daemon/lab/report.hpp"

namespace sitepower::bench {

struct Options {
    std::filesystem::path build_directory;
    std::optional<int> rounds;       // of alternating contenders
    std::optional<Seconds> seconds;  // of one measured span

    int rounds_or(int usual) const { return rounds.value_or(usual); }
    Seconds seconds_or(double usual) const { return seconds.value_or(Seconds{usual}); }
};

struct Bench {
    const char* name;
    const char* about;
    void (*run)(const Options& options, Report& report);
};

std::span<const Bench> benches();

void measure_dispatch(const Options& options, Report& report);
void measure_forecast(const Options& options, Report& report);
void measure_plans(const Options& options, Report& report);
void measure_mqtt(const Options& options, Report& report);
void measure_sqlite(const Options& options, Report& report);
void measure_polling(const Options& options, Report& report);
void measure_cpu(const Options& options, Report& report);
void measure_fleet(const Options& options, Report& report);
void measure_latency(const Options& options, Report& report);
void measure_flatout(const Options& options, Report& report);
void measure_kills(const Options& options, Report& report);
void measure_outage(const Options& options, Report& report);
void measure_dead_unit(const Options& options, Report& report);
void measure_faults(const Options& options, Report& report);

}  // namespace sitepower::bench
