// How fast this machine is just now: fixed work, printed beside absolute times so that figures of two
// machines, or of two days, can be set against each other.
#pragma once

#include "daemon/lab/report.hpp"

namespace sitepower::bench {

// A Cholesky factorisation of a fixed 48 x 48 matrix, and 10^7 additions that wait for each other; best of
// five.
void calibrate(Report& report);

}  // namespace sitepower::bench
