// Predictions for the rows of a CSV file: what is wrong with the file is counted, the rest is asked of the
// daemon in batches, and a CSV text comes out. For sitepowerctl; blocks.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "daemon/ctl/command.hpp"

namespace sitepower::ctl {

struct CsvRow {
    std::string timestamp;
    std::string series;
    std::optional<double> value;  // what was measured, where the file tells
    std::string problem;          // why it is not asked; empty: it is
};

struct CsvQuality {
    std::size_t rows = 0;
    std::size_t missing = 0;   // with an empty field
    std::size_t invalid = 0;   // with one that is no time, no name or no number
    std::size_t outliers = 0;  // whose value is more than six robust sigmas from the median of its series

    // 100 less the share of rows that are missing or invalid, and of outliers half; 0 without rows.
    double score() const;
};

struct CsvTable {
    std::vector<CsvRow> rows;
    CsvQuality quality;
};

inline constexpr std::size_t longest_prediction_csv = 16U << 20U;  // bytes
inline constexpr std::size_t most_prediction_rows = 100'000;

// Needs the columns `timestamp` and `series` (or `meter_id`), each once, and a row; `value` may be there,
// others are left alone. Separated by commas.
Result<CsvTable> read_prediction_rows(std::string_view text);

ExitCode predict_csv(const PredictCommand& predict, const Command& command, std::ostream& out,
                     std::ostream& err);

}  // namespace sitepower::ctl
