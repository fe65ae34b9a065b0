// sitepower-lab forecast: scores the forecasters on data sets of the field, learns prior libraries, draws
// fans.
#pragma once

#include "daemon/lab/command.hpp"

namespace sitepower::lab {

// Declares score, plot and learn-prior below `command`.
Run describe_forecast(CLI::App& command);

}  // namespace sitepower::lab
