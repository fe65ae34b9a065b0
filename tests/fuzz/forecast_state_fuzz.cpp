// Stored states of forecasters and prior libraries: any bytes are refused or give a state that still works.
// The checksum is put right first, so that what lies behind it is reached.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "core/forecast/direct_ridge/prior.hpp"
#include "core/forecast/forecaster.hpp"
#include "core/forecast/served_series.hpp"

namespace {

using namespace sitepower;
using namespace sitepower::forecast;

std::vector<std::byte> sealed(std::uint32_t kind, const std::uint8_t* data, std::size_t size,
                              std::uint32_t version = 1) {
    BlobWriter writer;
    for (std::size_t i = 0; i < size; ++i) writer.put(data[i]);
    return writer.finish(kind, version);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto library = prior_from_blob(sealed(0x52505250, data, size));
    if (library && library->shape.lags == 0) std::abort();
    static auto made = Forecaster::make({.step = Duration{3'600'000}});
    const auto& forecaster = made.value();
    const bool loaded{forecaster->load(sealed(0x54534346, data, size, 2))};
    if (!loaded && forecaster->samples() != 0) std::abort();
    forecaster->update(from_ms(1'800'000'000'000), 5);
    static auto served =
        ServedSeries::make({.name = "load", .forecaster = {.step = Duration{3'600'000}}}, nullptr);
    const auto& series = served.value();
    const bool restored{series->load(sealed(0x53525653, data, size))};
    if (!restored && series->forecaster().samples() != 0) std::abort();
    series->value(from_ms(1'800'000'000'000), 5);
    return 0;
}
