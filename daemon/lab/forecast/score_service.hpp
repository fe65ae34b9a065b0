// The protocol for metrics of services: the first 60 % of a series teach, every later step is forecast 15
// min, 60 min and 24 h ahead as the daemon would have, and compared with the naive forecasts.
#pragma once

#include <vector>

#include "daemon/lab/forecast/series_file.hpp"
#include "daemon/lab/report.hpp"

namespace sitepower::lab {

void score_services(const std::vector<const SeriesFile*>& files, Report& report);

}  // namespace sitepower::lab
