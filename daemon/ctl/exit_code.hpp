// How sitepowerctl ends; scripts and systemd rely on these numbers.
#pragma once

#include <cstdint>

namespace sitepower::ctl {

// status ends with `degraded` also when the system is down: somebody answers, and it is not well. With --json
// the numbers are the same.
enum class ExitCode : std::uint8_t {
    fine = 0,
    failed = 1,       // the daemon refused, or the check found problems
    usage = 2,        // the command line is wrong, or the daemon says that a value is
    unreachable = 3,  // no daemon answers
    degraded = 4,     // status only: not operational, also because of a critical alert
};

}  // namespace sitepower::ctl
