// The CSV layouts of forecasting data sets, read whole: M4 (no header; id, then values), and tables with a
// header whose first column is a time (seconds, or ISO 8601 with a blank) and whose others are numbers.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/forecast/grid.hpp"

namespace sitepower::lab {

enum class SeriesLayout { m4, service, nab, nab_labels, price, price_peers, load };

struct SeriesFile {
    std::filesystem::path path;
    SeriesLayout layout = SeriesLayout::m4;
    std::vector<std::string> header;        // empty for M4
    std::vector<std::string> first_column;  // ids or times, as they stand there
    // M4: a row for each id; tables: a column for each header after the first (labels: none). What is empty
    // is NaN.
    std::vector<std::vector<double>> values;
    std::vector<std::vector<std::string>> texts;  // labels only: the other columns
};

// Errors name file and line. At most 4 million values.
Result<SeriesFile> read_series_file(const std::filesystem::path& path);
// The same from text; `path` is what errors name.
Result<SeriesFile> parse_series_file(const std::filesystem::path& path, std::string_view text);

// All .csv files among the arguments and in the directories among them, in order of their names; an argument
// that is neither is an error.
Result<std::vector<SeriesFile>> read_data_sets(const std::vector<std::string>& arguments);

// One column of a table as observations; rows without a time that can be read are an error.
Result<std::vector<forecast::Observation>> observations_of(const SeriesFile& file, std::size_t column);

}  // namespace sitepower::lab
