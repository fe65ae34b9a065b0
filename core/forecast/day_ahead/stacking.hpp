// Combines experts of a day: the mean of all plus a regularised affine correction learnt from the last
// matured days. The correction shrinks to nothing where the experts give no reason for it. Owned by the
// day-ahead forecaster.
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <deque>
#include <vector>

#include "core/forecast/blob.hpp"
#include "core/forecast/day_ahead/setup.hpp"

namespace sitepower::forecast {

// What the experts said of a day (experts x slots) and what came; a NaN is left out.
struct MaturedDay {
    Eigen::MatrixXd experts;
    Eigen::VectorXd actual;
};

class Stacking {
  public:
    explicit Stacking(std::vector<StackingWindow> windows);

    void add(MaturedDay day);
    // One value per slot: the average over the windows. Before `least_days` have matured the mean. An expert
    // that has no value (NaN) for the day is replaced by the mean of the others.
    Eigen::VectorXd combine(const Eigen::MatrixXd& experts) const;

    void save(BlobWriter& writer) const;
    // For `experts` experts and `slots` slots.
    void load(BlobReader& reader, Eigen::Index experts, Eigen::Index slots);

    static constexpr std::size_t least_days = 14;
    std::size_t matured_days() const { return days_.size(); }

  private:
    Eigen::VectorXd correction(const StackingWindow& window, Eigen::Index experts) const;

    std::vector<StackingWindow> windows_;
    std::size_t capacity_ = 0;
    std::deque<MaturedDay> days_;  // the oldest first; experts as deviations from their mean, actual likewise
};

// Least absolute deviations with a ridge penalty by iterated re-weighting (Schlossmacher, JASA 68 (1973)
// 857-859): minimises sum |y - x b| + penalty * mean diagonal * |b|^2, in a fixed number of steps.
Eigen::VectorXd least_absolute_ridge(const Eigen::MatrixXd& regressors, const Eigen::VectorXd& target,
                                     double penalty);

}  // namespace sitepower::forecast
