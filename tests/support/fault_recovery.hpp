// How soon everything is read again after a fault has ended, and what healthy units notice of a dead one
// behind the same link: a bus polls a fake slave in real time. For tests and the measurement of faults.
#pragma once

#include <chrono>
#include <cstdint>

#include "drivers/modbus/bus.hpp"
#include "tests/support/fake_slave.hpp"

namespace sitepower::support {

struct RecoveryPlan {
    Wire wire = Wire::tcp;
    Behaviour fault{.kind = Behaviour::Kind::silent};  // of every answer while it lasts
    int only_unit = 0;                                 // the one that it meets; 0: all
    bool refuse_connections = false;  // TCP: instead of `fault`, somebody else holds the only connection
    std::chrono::milliseconds fault_for{3300};
    int units = 4;
    std::chrono::milliseconds period{1000};
    std::chrono::milliseconds response_timeout{300};
    std::chrono::milliseconds late_window{600};

    // One late window and one poll cycle.
    std::chrono::milliseconds allowed() const { return late_window + period; }
};

// From the end of the fault until every poll group of every unit has given a good frame that was read after
// it. `at_most` when that does not come.
std::chrono::duration<double> time_to_recover(const RecoveryPlan& plan,
                                              std::chrono::seconds at_most = std::chrono::seconds(60));

struct DeadUnitPlan {
    Wire wire = Wire::tcp;
    int units = 37;              // the last one is dead
    bool gateway_tells = false;  // with exception 0x0B after the time-out, instead of silence
    std::chrono::milliseconds period{1000};
    std::chrono::milliseconds response_timeout{300};
    std::chrono::milliseconds answer_delay{5};
    std::chrono::milliseconds settle{5000};  // the first cycles
    std::chrono::milliseconds measured{20000};
};

struct DeadUnitResult {
    double worst_rate_pct = 0;  // of the healthy unit that was polled least, in % of what is due
    std::uint64_t probes = 0;   // of the dead one while measured
};

DeadUnitResult poll_beside_dead_unit(const DeadUnitPlan& plan);

}  // namespace sitepower::support
