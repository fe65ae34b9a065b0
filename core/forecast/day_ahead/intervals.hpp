// Quantiles and the 95 % interval of a day's forecast, from the errors of the days before: errors are
// measured in units of what may be expected, ranked within the hour and its neighbours, and the levels adapt
// until the stated shares are reached. Owned by the day-ahead forecaster.
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <vector>

#include "core/forecast/conformal.hpp"

namespace sitepower::forecast {

struct DayQuantiles {
    std::vector<double> p50, p90, p99, lower95, upper95;  // one value per slot, p50 <= p90 <= p99
    bool calibrated = false;  // enough past errors for every quantile; else Student's t stands in
    std::size_t beyond = 0;   // slots whose interval is the widest known one instead of an infinite one
};

class DayIntervals {
  public:
    // `non_negative`: errors grow with the value, and lower bounds end at 0.
    DayIntervals(std::size_t slots, std::size_t hours, bool non_negative);

    // Expected size of the error of each slot, > 0: last week's mean, more where the experts differ more than
    // they did last week. `spread`: mean absolute deviation of the experts; `extra`: a standard deviation
    // that comes on top (substituted covariates); `prior`: expected while nothing has matured. In the
    // target's unit.
    Eigen::VectorXd expected_error(const Eigen::VectorXd& point, const Eigen::VectorXd& spread,
                                   const Eigen::VectorXd& extra, double prior) const;
    DayQuantiles quantiles(const Eigen::VectorXd& point, const Eigen::VectorXd& expected_error) const;
    // The day has matured; NaN: unknown slots, which do not count.
    void mature(const Eigen::VectorXd& actual, const Eigen::VectorXd& point, const Eigen::VectorXd& spread,
                const Eigen::VectorXd& expected_error, const DayQuantiles& issued);

    std::size_t matured_days() const { return matured_days_; }
    // Mean absolute error of the last week, in the unit of the target; 0 before the first day.
    double recent_error() const;

    void save(BlobWriter& writer) const;
    void load(BlobReader& reader);

  private:
    struct Hour {
        ScoreRing absolute;
        ScoreRing rising;  // signed: actual above the point is positive
        AdaptiveLevel interval, p90, p99;
    };
    Eigen::VectorXd shape(const Eigen::VectorXd& point) const;
    std::size_t hour_of(std::size_t slot) const { return slot * hours_.size() / slots_; }

    std::size_t slots_;
    bool non_negative_;
    std::vector<Hour> hours_;
    std::size_t matured_days_ = 0;
    std::vector<double> recent_errors_;   // mean absolute errors of the last days, a ring
    std::vector<double> recent_spreads_;  // mean spreads of the experts on the same days
};

}  // namespace sitepower::forecast
