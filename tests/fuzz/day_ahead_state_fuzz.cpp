// Stored states of the day-ahead forecaster: any bytes are refused or give a state that still works. The
// checksum and the setup's fingerprint are put right first, so that what lies behind them is reached.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "core/forecast/day_ahead/forecaster.hpp"

namespace {

using namespace sitepower;
using namespace sitepower::forecast;

DayAheadForecaster small() {
    auto setup = price_setup(2, {{.name = "wind"}});
    setup.least_days = 8;
    setup.windows = {{.days = 10, .penalties = {1}}, {.days = 40, .penalties = {1}}};
    setup.kernels = {{.days = 10}};
    setup.stacking = {{.days = 10, .penalty = 0.1}};
    auto created = DayAheadForecaster::create(setup);
    if (!created) std::abort();
    return std::move(*created);
}

// The fingerprint is taken from an empty state; header and checksum are made by writing.
std::vector<std::byte> sealed(const std::uint8_t* data, std::size_t size) {
    static const std::vector<std::byte> empty = small().save();
    const auto opened = BlobReader::open(empty, 0x44415941, 1);
    if (!opened) std::abort();
    BlobReader reader = *opened;
    BlobWriter writer;
    writer.put(reader.get<std::uint64_t>());
    for (std::size_t i = 0; i < size; ++i) {
        writer.put(data[i]);
    }
    return writer.finish(0x44415941, 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto forecaster = small();
    if (!forecaster.load(sealed(data, size))) {
        if (forecaster.days() != 0) std::abort();
        return 0;
    }
    Day day{
        .date = std::chrono::sys_days{std::chrono::year{3001} / 1 / 1}, .target = {}, .covariates = {{1, 2}}};
    (void)forecaster.forecast(day);
    if (!forecaster.learn(day)) std::abort();
    return 0;
}
