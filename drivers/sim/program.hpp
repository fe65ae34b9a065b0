// The life of sitepower-sim: sets up what the options ask for, says what listens where, serves until it is
// told to stop. Main thread only.
#pragma once

#include <cstdint>
#include <string>

namespace sitepower::sim {

struct ProgramOptions {
    std::string directory;
    std::string profile_directory;  // empty: see find_profile_directory
    std::uint16_t port_base = 15'020;
    double speed = 1;
    std::uint64_t seed = 1;
    double delay_ms = 0;
    int bench_devices = 0;  // 0: none
    int registers = 100;
    int units_per_port = 1;
    std::string fleet;  // "6x36"; empty: none
    std::string play;   // file of a recorded battery; empty: none
};

// Returns the exit code after SIGINT or SIGTERM; throws std::exception with a message for people when it
// cannot start.
int run_program(const ProgramOptions& options);

}  // namespace sitepower::sim
