// A recorded battery that is played back: the rows of a data set (docs/estimation.md) in the order of time.
// Made once, then read only.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "drivers/dataset/csv.hpp"

namespace sitepower::sim {

struct Recording {
    struct Row {
        double elapsed_s = 0;  // since the first row; ascending
        double voltage_v = 0;
        double current_a = 0;  // charging positive
        std::optional<double> temperature_c;
        std::optional<double> charge_ah;  // net, as the file counts it: the reference of an estimate
    };
    std::vector<Row> rows;  // at least one

    // The last row at or before that time, the first one before it; nullptr when the last row is over: it
    // lasts as long as the one before it.
    const Row* at(double elapsed_s) const;
    double length_s() const;
};

// Needs the columns t_s, voltage_v and current_a; temp_c and ah, or charge_ah and discharge_ah, may be there.
// Rows without a time, voltage or current are left out, and of those of one time all but the first. `file` is
// for the error.
Result<Recording> recording_of(const dataset::Csv& csv, std::string_view file);
Result<Recording> read_recording(const std::filesystem::path& path);

}  // namespace sitepower::sim
