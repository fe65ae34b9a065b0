#include "daemon/lab/score/fleet.hpp"

namespace sitepower::lab {

void score_fleet(Report& report) {
    report.progress("fleet: remaining life of 600 jars");
    score_fleet_life(report);
    report.progress("fleet: 14 days of 4 strings in the engine, healthy and with faults");
    score_fleet_alerts(report);
}

}  // namespace sitepower::lab
