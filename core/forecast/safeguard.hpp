// The floor under every combination: when it lost to the best naive forecast over about the last week, the
// naive one stands in until the combination is as good again. Owned by a forecaster; does not allocate.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "core/forecast/blob.hpp"

namespace sitepower::forecast {

class Safeguard {
  public:
    static constexpr std::size_t most_naives = 3;

    // `memory` matured forecasts are what errors are averaged over, exponentially. It engages when the
    // combination is 2 % worse than the best naive and releases when it is no worse, after `least` forecasts.
    Safeguard(std::size_t naives, double memory, double least);

    // A forecast has matured: absolute errors of the combination and of each naive (NaN: it said nothing).
    void mature(double combined_error, std::span<const double> naive_errors);

    bool engaged() const { return engaged_; }
    bool started() const { return combined_.count > 0; }
    // The naive with the least error among those that have matured often enough; 0 until then.
    std::size_t best_naive() const;

    void save(BlobWriter& writer) const;
    void load(BlobReader& reader);

  private:
    struct Mean {
        double value = 0;
        double count = 0;
    };
    void add(Mean& mean, double error) const;

    std::size_t naives_;
    double memory_;
    double least_;
    Mean combined_;
    std::array<Mean, most_naives> naive_{};
    bool engaged_ = false;
};

}  // namespace sitepower::forecast
