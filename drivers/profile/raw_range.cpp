#include "drivers/profile/raw_range.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "core/base/scaling.hpp"

namespace sitepower {
namespace {

RawRange both_ways(double highest) {
    return {-highest, highest};
}

RawRange integer_range(const modbus::RegisterPoint& point, bool has_sign) {
    const int width = field_width(point);
    if (point.bcd) return {0, std::pow(10.0, (width + 3) / 4) - 1};
    if (!has_sign || width == 0) return {0, std::ldexp(1.0, width) - 1};
    return {-std::ldexp(1.0, width - 1), std::ldexp(1.0, width - 1) - 1};
}

}  // namespace

int field_width(const modbus::RegisterPoint& point) {
    const int bits = 16 * point.registers();
    const auto all = bits >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
    return std::max(0, static_cast<int>(std::bit_width(point.mask & all)) - point.shift);
}

RawRange raw_range(const modbus::RegisterPoint& point) {
    using modbus::ValueType;
    if (!point.matches.empty()) return {0, 1};
    switch (point.type) {
        case ValueType::boolean:
            return {0, 1};
        case ValueType::u16:
        case ValueType::u32:
        case ValueType::u48:
        case ValueType::u64:
            return integer_range(point, false);
        case ValueType::s16:
        case ValueType::s32:
        case ValueType::s48:
        case ValueType::s64:
            return integer_range(point, true);
        case ValueType::f32:
            return both_ways(std::numeric_limits<float>::max());
        case ValueType::f64:
            return both_ways(std::numeric_limits<double>::max());
        case ValueType::datetime:
        case ValueType::text:
            break;
    }
    return both_ways(std::numeric_limits<double>::infinity());
}

RawRange value_range(const modbus::RegisterPoint& point) {
    std::vector<double> factors{1};
    if (point.scale_factor && point.scale_factor->map.empty()) {
        const double most = std::pow(10.0, Scaling::max_exponent);
        factors = {1 / most, most};
    } else if (point.scale_factor) {
        factors.clear();
        for (const auto& [content, by] : point.scale_factor->map) factors.push_back(by);
    }
    const RawRange raw = raw_range(point);
    RawRange range{std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()};
    for (const double by : factors) {
        const Scaling scaling(Scaling(point.scale, 0).value(by), point.offset);
        for (const double end : {raw.lowest, raw.highest}) {
            const double value = scaling.value(end);
            range.lowest = std::min(range.lowest, value);
            range.highest = std::max(range.highest, value);
        }
    }
    return range;
}

}  // namespace sitepower
