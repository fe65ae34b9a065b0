// Scores what the files are, by their layouts.
#pragma once

#include "daemon/lab/command.hpp"

namespace sitepower::lab {

struct ScoreOptions {
    std::vector<std::string> data_sets;
    std::string prior;    // empty: purely local
    bool rolling = true;  // also the rolling origins of the safeguard on M4 (half a minute)
};
ExitCode score(const ScoreOptions& options, Report& report);

}  // namespace sitepower::lab
