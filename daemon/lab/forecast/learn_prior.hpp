// Learns the prior library of expert E4 from the series of data sets, and reads one back.
#pragma once

#include <memory>
#include <vector>

#include "core/forecast/direct_ridge/prior.hpp"
#include "daemon/lab/forecast/series_file.hpp"

namespace sitepower::lab {

// From M4 files the longer series (the training part) of each id; from tables every column, as hourly means.
// Error: not one window could be learnt from.
Result<forecast::PriorLibrary> learn_prior(const std::vector<SeriesFile>& files,
                                           const forecast::PriorLearning& how);

Status write_prior(const forecast::PriorLibrary& library, const std::filesystem::path& path);
Result<std::shared_ptr<const forecast::PriorLibrary>> read_prior(const std::filesystem::path& path);

}  // namespace sitepower::lab
