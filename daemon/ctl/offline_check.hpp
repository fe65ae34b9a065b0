// `sitepowerctl check`: reads the configuration files as the daemon would, without a daemon.
#pragma once

#include <iosfwd>

#include "daemon/ctl/command.hpp"

namespace sitepower::ctl {

// failed when the daemon would refuse the files. As JSON: the envelope of config.check.
ExitCode check_offline(const CheckCommand& check, bool json, Time now, std::ostream& out);

}  // namespace sitepower::ctl
