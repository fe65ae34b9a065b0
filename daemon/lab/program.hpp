// sitepower-lab without its main(): reads the command line and runs the command.
#pragma once

#include "daemon/lab/command.hpp"

namespace sitepower::lab {

ExitCode run(int argc, const char* const* argv);

}  // namespace sitepower::lab
