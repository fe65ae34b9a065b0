#include "drivers/sim/program.hpp"

#include <fmt/core.h>
#include <sys/prctl.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>

#include "drivers/sim/bench_units.hpp"
#include "drivers/sim/control_socket.hpp"
#include "drivers/sim/played_battery.hpp"
#include "drivers/sim/recording.hpp"
#include "drivers/sim/simulated_site.hpp"

namespace sitepower::sim {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds physics_period{200};

volatile std::sig_atomic_t stop_asked = 0;

void ask_to_stop(int /*signal*/) {
    stop_asked = 1;
}

void listen_to_signals() {
    struct sigaction action {};
    action.sa_handler = ask_to_stop;
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
}

std::chrono::microseconds delay_of(const ProgramOptions& options) {
    return std::chrono::microseconds(static_cast<std::int64_t>(options.delay_ms * 1000));
}

void add_bench_units(const ProgramOptions& options, BenchUnits& units, Server& server) {
    if (options.bench_devices > 0) {
        units.add_blocks({.devices = options.bench_devices,
                          .registers = options.registers,
                          .units_per_port = options.units_per_port,
                          .port_base = options.port_base,
                          .delay = delay_of(options)},
                         server);
        return;
    }
    const auto size = parse_fleet(options.fleet);
    if (!size)
        throw std::invalid_argument("--fleet " + options.fleet + ": expected GATEWAYSxJARS, such as 6x36");
    units.add_fleet({.gateways = size->gateways,
                     .jars = size->jars,
                     .port_base = options.port_base,
                     .delay = delay_of(options)},
                    server);
}

std::string profile_directory(const ProgramOptions& options) {
    auto directory = options.profile_directory.empty() ? find_profile_directory() : options.profile_directory;
    if (directory.empty()) throw std::runtime_error("no device profiles found; name them by --profiles");
    return directory;
}

SiteOptions site_options(const ProgramOptions& options) {
    SiteOptions site{.directory = options.directory,
                     .profile_directory = profile_directory(options),
                     .port_base = options.port_base,
                     .speed = options.speed,
                     .seed = options.seed,
                     .delay = delay_of(options)};
    return site;
}

void say_ready() {
    fmt::print("ready\n");
    std::fflush(stdout);
}

// Until it is told to stop; `advance` gets the seconds that have passed.
void serve(Server& server, const std::function<void(double)>& advance) {
    auto last = Clock::now();
    while (stop_asked == 0) {
        const auto next = last + physics_period;
        const auto left = std::chrono::duration_cast<std::chrono::microseconds>(next - Clock::now());
        if (left.count() > 0) {
            server.run_once(left);
            continue;
        }
        const auto now = Clock::now();
        advance(std::chrono::duration<double>(now - last).count());
        last = now;
    }
}

void serve_bench(const ProgramOptions& options, Server& server) {
    BenchUnits units;
    add_bench_units(options, units, server);
    for (const std::string& line : units.description()) fmt::print("{}\n", line);
    say_ready();
    while (stop_asked == 0) server.run_once(physics_period);
}

void serve_site(const ProgramOptions& options, Server& server) {
    SimulatedSite site(site_options(options), server);
    ControlSocket control(options.directory, [&site](const std::string& text) -> Result<std::string> {
        const auto command = parse_command(text);
        return command ? site.execute(*command) : Result<std::string>(command.error());
    });
    server.watch(control.fd(), [&control] { control.answer(); });
    for (const std::string& line : site.description()) fmt::print("{}\n", line);
    fmt::print("control {}/control: sitepower-sim --dir {} tell status\n", options.directory,
               options.directory);
    say_ready();

    serve(server, [&site](double seconds) { site.advance(seconds); });
}

void serve_recording(const ProgramOptions& options, Server& server) {
    auto recording = read_recording(options.play);
    if (!recording) throw std::runtime_error(recording.error().message);
    PlayedBattery battery(std::move(*recording), require_profile(profile_directory(options), "sim-played"),
                          options.port_base, delay_of(options), server);
    for (const std::string& line : battery.description()) fmt::print("{}\n", line);
    say_ready();
    bool was_over = false;
    serve(server, [&](double seconds) {
        battery.advance(seconds);
        if (battery.is_over() == was_over) return;
        was_over = true;
        fmt::print("the recording is over, {} is off the bus\n", battery.unit().device);
        std::fflush(stdout);
    });
}

}  // namespace

int run_program(const ProgramOptions& options) {
    listen_to_signals();
    // Answers are given when they are due, not up to 50 us later as the kernel likes by default.
    prctl(PR_SET_TIMERSLACK, 1000UL, 0UL, 0UL, 0UL);
    Server server;
    if (!options.play.empty()) {
        serve_recording(options, server);
    } else if (options.bench_devices > 0 || !options.fleet.empty()) {
        serve_bench(options, server);
    } else {
        serve_site(options, server);
    }
    fmt::print("stopped\n");
    return 0;
}

}  // namespace sitepower::sim
