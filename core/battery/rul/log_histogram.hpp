// Quantiles of weighted samples without sorting them: a histogram over the logarithm, since lives are spread
// by ratios. Fixed memory, one owner.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

namespace sitepower {

// Samples outside [lowest, highest] count as those.
class LogHistogram {
  public:
    LogHistogram(double lowest, double highest)
        : lowest_(lowest), per_bin_((highest - lowest) / static_cast<double>(bins)) {}

    void add(double log_value, double weight) {
        const double bin = std::clamp((log_value - lowest_) / per_bin_, 0.0, static_cast<double>(bins - 1));
        weights_[static_cast<std::size_t>(bin)] += weight;
        total_ += weight;
    }

    // The logarithm below which the share `q` of the weight lies; linear within a bin. 0 < q < 1, and at
    // least one sample has been added.
    double quantile(double q) const {
        double left = q * total_;
        std::size_t bin = 0;
        while (bin + 1 < bins && left > weights_[bin]) left -= weights_[bin++];
        const double within = weights_[bin] > 0 ? left / weights_[bin] : 0.5;
        return lowest_ + (static_cast<double>(bin) + within) * per_bin_;
    }

    double total() const { return total_; }

  private:
    static constexpr std::size_t bins = 512;
    double lowest_;
    double per_bin_;
    double total_ = 0;
    std::array<double, bins> weights_{};
};

}  // namespace sitepower
