// sitepower-lab solve FILE...: solves instance files and compares with the references that they hold.
#pragma once

#include "daemon/lab/command.hpp"

namespace sitepower::lab {

Run describe_solve(CLI::App& command);

}  // namespace sitepower::lab
