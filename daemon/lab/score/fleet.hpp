// The scores on a simulated fleet of lead-acid jars on float. Its jars are made unlike the model that is
// scored: other fade shapes, knees, jars that die at once, wild readings, heat by Arrhenius. Main thread.
#pragma once

#include "daemon/lab/report.hpp"

namespace sitepower::lab {

// Remaining life from yearly tests (fleet_life.cpp), and alerts of the engine on injected faults and on
// healthy jars (fleet_site.cpp).
void score_fleet(Report& report);

void score_fleet_life(Report& report);
void score_fleet_alerts(Report& report);

}  // namespace sitepower::lab
