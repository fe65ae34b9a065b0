// Decodes arbitrary registers by an arbitrary point: every value that is called good must be a finite number
// inside the point's range.
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "drivers/modbus/decode.hpp"

using namespace sitepower::modbus;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    struct Input {
        std::uint8_t type, orders, shift, flags;
        std::uint64_t mask, sentinel;
        double scale, offset;
        std::array<std::uint16_t, 5> words;
    } input{};
    if (size < sizeof input) return 0;
    std::memcpy(&input, data, sizeof input);
    RegisterPoint point;
    point.type = static_cast<ValueType>(input.type % 9);
    point.word_order = static_cast<Order>(input.orders & 1U);
    point.byte_order = static_cast<Order>((input.orders >> 1U) & 1U);
    point.shift = input.shift;
    point.mask = input.mask;
    point.scale = input.scale;
    point.offset = input.offset;
    if ((input.flags & 1U) != 0) point.scale_factor = ScaleFactor{.address = 4};
    if ((input.flags & 2U) != 0) point.invalid = {input.sentinel};
    if ((input.flags & 4U) != 0) point.minimum = 0;
    const auto reading = PointDecoder(point, 0).decode(input.words);
    const bool good = reading.quality == sitepower::Quality::good;
    if (good && (!std::isfinite(reading.value) || (point.minimum && reading.value < 0))) std::abort();
    if (!good && reading.value != 0) std::abort();
    return 0;
}
