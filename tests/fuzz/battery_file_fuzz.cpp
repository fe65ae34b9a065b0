// Battery files: any text ends as a model or as diagnostics, and exactly one of the two. A model that was
// accepted gives numbers wherever it is asked.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "daemon/config/battery_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    sitepower::schema::Diagnostics diagnostics;
    const auto model = sitepower::config::parse_battery_file(text, "fuzz.toml", diagnostics);
    if ((model != nullptr) != diagnostics.empty()) std::abort();
    if (!model) return 0;
    for (const double soc : {-1.0, 0.0, 0.31, 1.0, 7.0}) {
        for (const double temperature_c : {-300.0, -20.0, 25.0, 1e6}) {
            const auto point = model->at(soc, temperature_c);
            if (!std::isfinite(point.ocv_v) || !std::isfinite(point.r0_ohm)) std::abort();
        }
    }
    return 0;
}
