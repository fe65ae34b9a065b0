// sitepower-lab backtest: the schedule in closed loop over a recorded time, simulated.
#pragma once

#include "daemon/lab/command.hpp"

namespace sitepower::lab {

Run describe_backtest(CLI::App& command);

}  // namespace sitepower::lab
