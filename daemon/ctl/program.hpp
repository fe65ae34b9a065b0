// sitepowerctl without its main(): reads the command line, asks, shows.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "core/base/time.hpp"
#include "daemon/ctl/exit_code.hpp"

namespace sitepower::ctl {

// `arguments` without the program's name. What is asked for goes to `out`, what went wrong to `err`; with
// --json an error's envelope goes to `out` too, so that a program reads one stream. Blocks until the answer
// is there, at most the command's time-out.
ExitCode run(std::vector<std::string> arguments, Time now, std::ostream& out, std::ostream& err);

}  // namespace sitepower::ctl
