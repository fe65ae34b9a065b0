// sitepower-sim: a simulated site that speaks real Modbus, for the demo, tests and benchmarks.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "drivers/sim/bench_units.hpp"
#include "drivers/sim/command.hpp"
#include "drivers/sim/control_socket.hpp"
#include "drivers/sim/program.hpp"

namespace {

using namespace sitepower;

constexpr int usage_error = 2;

int tell(const std::string& directory, const std::vector<std::string>& words) {
    std::string command;
    for (const auto& word : words) command += (command.empty() ? "" : " ") + word;
    const auto parsed = sim::parse_command(command);
    const auto reply = parsed ? sim::tell(directory, command) : Result<std::string>(parsed.error());
    if (!reply) {
        fmt::print(stderr, "sitepower-sim: {}\n", reply.error().message);
        return reply.error().code == ErrorCode::service_unavailable ? 1 : usage_error;
    }
    fmt::print("{}{}", *reply, reply->ends_with('\n') ? "" : "\n");
    return 0;
}

void add_options(CLI::App& app, sim::ProgramOptions& options) {
    app.add_option("--dir", options.directory, "Directory of the serial line's link and the control socket")
        ->required();
    app.add_option("--port-base", options.port_base, "First TCP port; the others follow; 0: free ones")
        ->capture_default_str();
    auto* speed = app.add_option("--speed", options.speed, "Seconds of the site for each second")
                      ->check(CLI::Range(0.01, 100'000.0))
                      ->capture_default_str();
    app.add_option("--seed", options.seed, "Another seed, another noise")->capture_default_str();
    app.add_option("--profiles", options.profile_directory, "Directory of the device profiles");
    app.add_option("--delay-ms", options.delay_ms, "How long each device takes to answer")
        ->check(CLI::Range(0.0, 60'000.0))
        ->capture_default_str();
    auto* blocks =
        app.add_option("--bench-devices", options.bench_devices, "Serve this many plain blocks instead")
            ->check(CLI::Range(1, 1000));
    app.add_option("--registers", options.registers, "Registers of a block")
        ->check(CLI::Range(5, 65'536))
        ->capture_default_str()
        ->needs(blocks);
    app.add_option("--units-per-port", options.units_per_port, "Blocks that share a port")
        ->check(CLI::Range(1, 247))
        ->capture_default_str()
        ->needs(blocks);
    app.add_option("--fleet", options.fleet, "Serve GATEWAYSxJARS units of 6 values instead, such as 6x36")
        ->check([](const std::string& size) {
            return sim::parse_fleet(size) ? std::string() : "expected GATEWAYSxJARS, such as 6x36";
        })
        ->excludes(blocks);
    // In real time only: its reader counts Ah by a clock of its own.
    app.add_option("--play", options.play, "Serve the battery that this CSV file has recorded instead")
        ->check(CLI::ExistingFile)
        ->excludes(blocks)
        ->excludes("--fleet")
        ->excludes(speed);
}

int run(int argc, char** argv) {
    CLI::App app{"A simulated site: one UPS, two strings of 36 jars, a Li-ion pack, two meters.",
                 "sitepower-sim"};
    app.footer(std::string(sim::command_help()) + R"(
Examples:
  sitepower-sim --dir /tmp/site --speed 60
  sitepower-sim --dir /tmp/site tell "mains fail"
  sitepower-sim --dir /tmp/site --bench-devices 8 --registers 100 --delay-ms 2
  sitepower-sim --dir /tmp/site --fleet 6x36
  sitepower-sim --dir /tmp/site --play discharge.csv
)");
    sim::ProgramOptions options;
    std::vector<std::string> words;
    add_options(app, options);
    auto* telling = app.add_subcommand("tell", "Tell the simulation that runs in --dir something");
    telling->add_option("command", words, "See below")->required();
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : usage_error;
    }
    return telling->parsed() ? tell(options.directory, words) : sim::run_program(options);
}

}  // namespace

int main(int argc, char** argv) try { return run(argc, argv); } catch (const std::exception& error) {
    std::fprintf(stderr, "sitepower-sim: %s\n", error.what());
    return 1;
}
