// sitepower-lab score-life: the scores on remaining life alone. Main thread.
#pragma once

#include "daemon/lab/command.hpp"

namespace sitepower::lab {

Run describe_score_life(CLI::App& command);

}  // namespace sitepower::lab
