#include "bench/harness/statistics.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <functional>

namespace sitepower::bench {

double median(std::vector<double> values) {
    assert(!values.empty());
    std::sort(values.begin(), values.end());
    const auto middle = values.size() / 2;
    return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

double percentile(std::vector<double> values, double fraction) {
    assert(!values.empty());
    const auto rank = std::ceil(fraction * static_cast<double>(values.size()));
    const auto index =
        static_cast<std::size_t>(std::clamp(rank - 1, 0.0, static_cast<double>(values.size() - 1)));
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(index), values.end());
    return values[index];
}

double median_ratio(const Paired& rounds) {
    assert(rounds.ours.size() == rounds.bare.size());
    std::vector<double> ratios(rounds.ours.size());
    std::transform(rounds.ours.begin(), rounds.ours.end(), rounds.bare.begin(), ratios.begin(),
                   std::divides<>());
    return median(std::move(ratios));
}

}  // namespace sitepower::bench
