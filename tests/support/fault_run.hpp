// Random faults on one kind of link: buses poll fake slaves that misbehave now and then, and every frame that
// the buses publish is held against what the slave was asked. For tests and the measurement of faults; the
// lines wait in parallel, each with a bus and a slave of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "drivers/modbus/bus.hpp"
#include "tests/support/fake_slave.hpp"

namespace sitepower::support {

struct FaultRunPlan {
    Wire wire = Wire::tcp;
    std::uint64_t reads = 3000;  // requests that the slaves see, all lines together
    int lines = 1;
    int units = 16;   // on each line, with three poll groups each
    int one_in = 25;  // requests that meet a fault
    std::uint32_t seed = 1;
    std::chrono::milliseconds response_timeout{10};
    // The machine that runs this may be late, too: much longer than any answer of the slave is late.
    std::chrono::milliseconds late_window{400};
    bool quarantine = true;  // false: the seeded defect; what looks like an answer is taken for it
};

struct FaultRunResult {
    std::uint64_t reads = 0;
    std::uint64_t frames = 0;
    std::uint64_t values = 0;  // good ones, each compared
    std::uint64_t wrong = 0;   // frames that hold anything but the answer to their own question
    std::string example;       // the first of them
    std::uint64_t faults = 0;
    // By how much a slave was later than it meant to be. With its longest delay (3.5 time-outs) it must stay
    // within time-out and late window: beyond, the machine was too busy for the run to say anything.
    std::chrono::milliseconds overdue{0};
    modbus::BusCounters counters;  // of all lines
    double seconds = 0;
};

// Ends after the reads, or after `at_most`.
FaultRunResult run_faults(const FaultRunPlan& plan, std::chrono::seconds at_most);

// A link that claims to tie answers to questions: so nothing is quarantined.
std::unique_ptr<modbus::Link> make_careless_link(const modbus::BusSettings& settings,
                                                 const modbus::StopSignal& stop);

}  // namespace sitepower::support
