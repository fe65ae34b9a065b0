#include "core/forecast/outlier_filter.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace sitepower::forecast {
namespace {

constexpr double limit_sigmas = 6;
constexpr double sigma_of_mad = 1.4826;
constexpr std::size_t least_errors = 100;
constexpr std::int32_t shift_after = 6;

}  // namespace

OutlierFilter::Verdict OutlierFilter::judge(double expected, double actual) {
    const double error = actual - expected;
    const double limit = limit_sigmas * sigma_of_mad * sizes_.quantile(0.5).value;
    sizes_.add(std::abs(error));
    // A series that mostly stands still (limit 0) has no scale to call anything an outlier by.
    if (sizes_.size() < least_errors || limit <= 0 || std::abs(error) <= limit) {
        run_ = 0;
        return {.value = actual, .outlier = false, .level_shift = false};
    }
    const std::int32_t side = error > 0 ? 1 : -1;
    run_ = run_ * side > 0 ? run_ + side : side;
    if (std::abs(run_) < shift_after) {
        return {.value = expected + std::clamp(error, -limit, limit), .outlier = true, .level_shift = false};
    }
    // A new level: nothing is clipped until there are errors of it to go by.
    sizes_.clear();
    run_ = 0;
    return {.value = actual, .outlier = true, .level_shift = true};
}

void OutlierFilter::save(BlobWriter& writer) const {
    sizes_.save(writer);
    writer.put(run_);
}

void OutlierFilter::load(BlobReader& reader) {
    sizes_.load(reader);
    reader.get(run_);
    if (std::abs(run_) >= shift_after) reader.fail();
}

}  // namespace sitepower::forecast
