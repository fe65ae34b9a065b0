// The commands of sitepower-lab: offline work of engineers on files (scores, replays, solutions, plots), kept
// out of the daemon. A new command is a folder here and a row in commands.cpp. Main thread.
#pragma once

#include <functional>
#include <span>

#include "daemon/lab/report.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): theirs
class App;
}

namespace sitepower::lab {

// How sitepower-lab ends.
enum class ExitCode : int {
    fine = 0,    // done, and every goal holds
    failed = 1,  // a goal does not hold, or an input could not be used
    usage = 2,   // the command line is wrong
};

// Carries a command out: figures go to the report, what else is asked for to stdout, what is wrong with an
// input to stderr, with file and line.
using Run = std::function<ExitCode(Report& report)>;

struct LabCommand {
    const char* name;
    const char* about;
    // Declares the arguments; the answer is called once they have been read.
    Run (*describe)(CLI::App& command);
};

std::span<const LabCommand> commands();

}  // namespace sitepower::lab
