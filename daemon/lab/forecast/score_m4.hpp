// The M4 Hourly protocol: one forecast of 48 steps a series from its training part, against the test part;
// and rolling origins inside the training parts for the safeguard.
#pragma once

#include <memory>

#include "core/forecast/ensemble.hpp"
#include "daemon/lab/forecast/series_file.hpp"
#include "daemon/lab/report.hpp"

namespace sitepower::lab {

// Series of both files matched by id, in the order of the first.
struct M4Series {
    std::string id;
    std::vector<double> train;
    std::vector<double> test;
};
std::vector<M4Series> match_m4(const SeriesFile& train, const SeriesFile& test);

// What the M4 tables call week slots: the series have no time stamps, so the first value is slot 0.
std::vector<std::uint16_t> plain_slots(std::size_t count);

// Without a prior the goals are those of the purely local forecaster.
void score_m4(const std::vector<M4Series>& series, const std::shared_ptr<const forecast::PriorLibrary>& prior,
              Report& report);
void score_m4_safeguard(const std::vector<M4Series>& series,
                        const std::shared_ptr<const forecast::PriorLibrary>& prior, Report& report);

}  // namespace sitepower::lab
