// CSV data sets: any text ends as a file whose columns are whole, or as an error that names a line.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "daemon/lab/forecast/series_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace sitepower::lab;
    const auto file = parse_series_file("fuzz.csv", {reinterpret_cast<const char*>(data), size});
    if (!file) {
        if (!file.error().message.starts_with("fuzz.csv:")) std::abort();
        return 0;
    }
    if (file->first_column.empty()) std::abort();
    if (file->layout == SeriesLayout::m4 || file->layout == SeriesLayout::nab_labels) return 0;
    for (std::size_t column = 0; column < file->values.size(); ++column) {
        if (file->values[column].size() != file->first_column.size()) std::abort();
        const auto observations = observations_of(*file, column);
        if (observations) {
            (void)sitepower::forecast::to_grid(*observations, sitepower::Duration{300'000},
                                               sitepower::forecast::Aggregation::mean);
        }
    }
    return 0;
}
