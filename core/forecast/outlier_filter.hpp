// Hampel's identifier on one-step errors: a value further from its forecast than 6 robust standard deviations
// of the errors of the last week is clipped there for the experts (Hampel, J. Am. Stat. Assoc. 69 (1974)
// 383-393). Six clips in a row on the same side are no outliers but a new level. Owned by a Forecaster.
#pragma once

#include "core/forecast/conformal.hpp"

namespace sitepower::forecast {

class OutlierFilter {
  public:
    // `ring`: errors that are kept.
    explicit OutlierFilter(std::size_t ring) : sizes_(ring) {}

    struct Verdict {
        double value = 0;  // what the experts shall see
        bool outlier = false;
        bool level_shift = false;
    };
    Verdict judge(double expected, double actual);

    void save(BlobWriter& writer) const;
    void load(BlobReader& reader);

  private:
    ScoreRing sizes_;
    std::int32_t run_ = 0;  // clips in a row; negative: below
};

}  // namespace sitepower::forecast
