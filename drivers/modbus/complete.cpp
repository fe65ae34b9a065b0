#include "drivers/modbus/complete.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "core/base/scaling.hpp"
#include "drivers/modbus/decode.hpp"

namespace sitepower::modbus {
namespace {

void mark_absent(const PollGroup& group, std::vector<double>& values, std::vector<Quality>& quality) {
    // What the answers say decides, not what an earlier presence made of it.
    const std::vector<Quality> decoded = quality;
    for (const Presence& presence : group.presences) {
        const Quality known = decoded[presence.other];
        if (known == Quality::good && values[presence.other] >= presence.minimum) continue;
        // Where the answer is missing nothing is known about the point either.
        quality[presence.point] =
            known == Quality::comm_error ? Quality::comm_error : Quality::not_implemented;
    }
    for (const Presence& presence : group.presences) {
        if (quality[presence.point] != Quality::good) values[presence.point] = 0;
    }
}

double combine(Operation operation, double total, double next) {
    switch (operation) {
        case Operation::sum:
        case Operation::mean:
            return total + next;
        case Operation::sub:
            return total - next;
        case Operation::mul:
            return total * next;
        case Operation::div:
            return total / next;
        case Operation::min:
            return std::min(total, next);
        case Operation::max:
            return std::max(total, next);
    }
    return total;
}

// Sums of decimals come out as decimals: 0.1 + 0.2 is 0.3. Digits beyond the twelfth are rounding.
double without_rounding_dust(double value) {
    if (value == 0 || !std::isfinite(value)) return value;
    const int digits = 12 - static_cast<int>(std::ceil(std::log10(std::abs(value))));
    if (digits < 0 || digits > 15) return value;
    const double power = std::pow(10, digits);
    return std::nearbyint(value * power) / power;
}

Reading derive(const DerivedPoint& point, const std::vector<double>& values,
               const std::vector<Quality>& quality) {
    double total = 0;
    int count = 0;
    for (std::size_t i = 0; i < point.operands.size(); ++i) {
        const std::size_t operand = point.operands[i];
        if (quality[operand] == Quality::not_implemented && point.skip_absent) continue;
        if (quality[operand] != Quality::good) return {0, quality[operand]};
        const double value = point.weights.empty() ? values[operand] : values[operand] * point.weights[i];
        total = count++ == 0 ? value : combine(point.operation, total, value);
    }
    if (count == 0) return {0, Quality::not_implemented};
    if (point.operation == Operation::mean) total /= count;
    const double value = without_rounding_dust(Scaling(point.scale, point.offset).value(total));
    const bool outside =
        (point.minimum && value < *point.minimum) || (point.maximum && value > *point.maximum);
    if (!std::isfinite(value) || outside) return {0, Quality::out_of_range};
    return {value + 0.0, Quality::good};
}

}  // namespace

void complete(const PollGroup& group, std::vector<double>& values, std::vector<Quality>& quality) {
    mark_absent(group, values, quality);
    for (const DerivedPoint& point : group.derived) {
        const Reading reading = derive(point, values, quality);
        values.push_back(reading.value);
        quality.push_back(reading.quality);
    }
    const auto first = static_cast<std::ptrdiff_t>(group.published());
    const auto last = first + static_cast<std::ptrdiff_t>(group.hidden);
    values.erase(values.begin() + first, values.begin() + last);
    quality.erase(quality.begin() + first, quality.begin() + last);
}

}  // namespace sitepower::modbus
