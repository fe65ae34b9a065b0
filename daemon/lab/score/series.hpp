// A recorded discharge with its reference state of charge: what an estimator is scored on. Made from a CSV of
// one of the layouts of the public data sets (docs/estimation.md).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/battery/model/cell_model.hpp"
#include "drivers/dataset/csv.hpp"

namespace sitepower::lab {

struct SeriesSample {
    double elapsed_s = 0;  // since the sample before; 0 for the first
    double voltage_v = 0;
    double current_a = 0;
    std::optional<double> temperature_c;
    double soc = 0;  // the reference, 0 to 1
    bool current_is_mean = false;
};

struct Series {
    std::string name;              // of the file, without folder and ending
    std::string battery;           // "18650pf"
    std::optional<int> chamber_c;  // "25degC" in the name
    double capacity_ah = 0;        // as the estimator is told
    double skip_s = 0;             // not scored in any case: where the reference hardly means anything
    std::shared_ptr<const CellModel> model;
    std::vector<SeriesSample> samples;
};

// What the name of a file says.
struct SeriesKind {
    std::string_view part;     // of the name
    std::string_view battery;  // a file of config/batteries
    bool is_scaled = false;    // to the capacity that the name tells: "v100ah", "_2.3ah"
};
// nullptr: a name that says nothing of a known battery.
const SeriesKind* series_kind(std::string_view file_name);

// Li-ion drive cycles: from full charge on. `t_s,voltage_v,current_a,temp_c,ah` (reference 1 + ah/capacity)
// or, of the CALCE group, `t_s,step,voltage_v,current_a,charge_ah,discharge_ah` (full at the end of step 3).
Result<Series> soc_series(const dataset::Csv& csv, const std::string& name,
                          std::shared_ptr<const CellModel> model);

// A lead-acid block: the first discharge down to 10.8 V per 12 V; the reference is 1 - Ah / Ah(10.8 V), which
// means little in its first half hour.
Result<Series> lead_acid_series(const dataset::Csv& csv, const std::string& name,
                                std::shared_ptr<const CellModel> model);

}  // namespace sitepower::lab
