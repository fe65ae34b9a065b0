// sitepowerctl without its main(): reads the command line, asks, shows.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "core/base/time.hpp"
#include "daemon/ctl/exit_code.hpp"

namespace sitepower::ctl {

// `arguments` without the program's name. What is asked for goes to `out`, what went wrong to `err`.
ExitCode run(std::vector<std::string> arguments, Time now, std::ostream& out, std::ostream& err);

}  // namespace sitepower::ctl
