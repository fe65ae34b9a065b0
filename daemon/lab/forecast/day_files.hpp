// Files of prices and loads as local days, and the series that several files make up. Main thread.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/forecast/day_ahead/day.hpp"
#include "daemon/lab/forecast/series_file.hpp"

namespace sitepower::lab {

// The series that a file belongs to: its name without years and without what marks a peer's file, so that
// load_x_2012_2013.csv and load_x_2014.csv are one series, and price_x_peer_forecasts.csv goes with
// price_x.csv.
std::string series_name(const std::filesystem::path& path);

// Files of one series, those of the same names put together.
struct SeriesGroup {
    std::string name;
    std::vector<SeriesFile> data;
    std::vector<SeriesFile> peers;
};
Result<std::vector<SeriesGroup>> read_groups(const std::vector<std::filesystem::path>& files);

// Which columns (of the header, without the first) mean what.
struct DayColumns {
    std::string target;
    std::vector<std::string> covariates;
    std::string holiday;  // empty: none
};

struct DayTable {
    std::size_t slots = 0;
    std::vector<forecast::Day> days;  // by date; a day of which a row is lacking has a NaN there
};

// Rows carry local time, equidistant within a day. Errors name the file.
Result<DayTable> read_days(const std::vector<SeriesFile>& files, const DayColumns& columns);

}  // namespace sitepower::lab
