// CSV data sets of batteries: any text ends as a table whose columns are whole, or as an error that names the
// file; a table that can be played ascends in time.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "drivers/dataset/csv.hpp"
#include "drivers/sim/recording.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace sitepower;
    const auto csv = dataset::parse_csv({reinterpret_cast<const char*>(data), size}, "fuzz.csv");
    if (!csv) {
        if (!csv.error().message.starts_with("fuzz.csv:")) std::abort();
        return 0;
    }
    if (csv->rows() == 0 || csv->names.size() != csv->columns.size()) std::abort();
    for (const auto& column : csv->columns) {
        if (column.size() != csv->rows()) std::abort();
    }
    const auto recording = sim::recording_of(*csv, "fuzz.csv");
    if (!recording) return 0;
    if (recording->rows.empty() || recording->rows.front().elapsed_s != 0) std::abort();
    for (std::size_t i = 1; i < recording->rows.size(); ++i) {
        if (!(recording->rows[i].elapsed_s > recording->rows[i - 1].elapsed_s)) std::abort();
    }
    (void)recording->at(1);
    return 0;
}
