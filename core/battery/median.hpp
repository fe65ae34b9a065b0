// The median: what a string's batteries are compared with, since one bad battery does not move it.
#pragma once

#include <algorithm>
#include <optional>
#include <span>

namespace sitepower {

// Reorders `values`. Empty for no values; the mean of the middle two for an even number.
inline std::optional<double> median_of(std::span<double> values) {
    if (values.empty()) return std::nullopt;
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    if (values.size() % 2 == 1) return *middle;
    return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

}  // namespace sitepower
