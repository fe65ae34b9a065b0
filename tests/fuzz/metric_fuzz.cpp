// Payloads of metrics: any bytes are refused or give a finite value.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "daemon/publish/metric_gate.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto parsed = sitepower::parse_metric("s/n", std::string(reinterpret_cast<const char*>(data), size),
                                                sitepower::from_ms(1000));
    if (parsed && !std::isfinite(parsed->value)) std::abort();
    return 0;
}
