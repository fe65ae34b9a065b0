// Sums over the days of a window from which ridge regressions are solved: kept up to date by adding the new
// day's row and taking away the oldest one's. Owned by the day-ahead forecaster.
#pragma once

#include <Eigen/Core>

namespace sitepower::forecast {

// Second moments of standardised regressors: of mean 0 and mean square 1 within the window.
struct Standardised {
    double count = 0;  // days
    Eigen::VectorXd mean;
    Eigen::VectorXd inverse_deviation;  // 0 for a regressor that is constant in the window
    Eigen::VectorXd target_mean;
    Eigen::MatrixXd gram;   // regressors x regressors, both triangles
    Eigen::MatrixXd cross;  // regressors x targets
};

// Standardises days x regressors and centres days x targets in place; the moments themselves stay empty.
Standardised standardise(Eigen::MatrixXd& rows, Eigen::MatrixXd& targets);

class Moments {
  public:
    Moments(Eigen::Index regressors, Eigen::Index targets);

    // One day, or with weight -1 a day taken away. All values finite, on scales near 1: differences of sums
    // must keep their digits.
    void add(const Eigen::VectorXd& row, const Eigen::VectorXd& target, double weight = 1);
    double count() const { return count_; }
    // The window holds at least one day.
    Standardised standardised() const;

  private:
    double count_ = 0;
    Eigen::VectorXd row_sum_;
    Eigen::VectorXd target_sum_;
    Eigen::MatrixXd gram_;  // lower triangle
    Eigen::MatrixXd cross_;
};

}  // namespace sitepower::forecast
