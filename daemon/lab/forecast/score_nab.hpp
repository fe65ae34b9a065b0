// Labelled anomaly series of the Numenta benchmark: windows found and false alarms a day, beside a
// Gaussian-tail baseline on the same series.
#pragma once

#include <vector>

#include "daemon/lab/forecast/series_file.hpp"
#include "daemon/lab/report.hpp"

namespace sitepower::lab {

// `labels`: files with the columns file, window_start, window_end. Series without a label count false alarms.
void score_nab(const std::vector<const SeriesFile*>& series, const std::vector<const SeriesFile*>& labels,
               Report& report);

}  // namespace sitepower::lab
