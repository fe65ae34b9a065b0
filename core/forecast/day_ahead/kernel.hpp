// Kernel ridge regression of a whole day: what linear regression cannot bend, such as the price of a windy
// day with high load, from the days of the window that were like it. The kernel is linear plus Gaussian in
// the regressors, each weighted by how closely it belongs to the day (Rasmussen, Williams, Gaussian Processes
// for Machine Learning, 2.2 and 4.2; one factorisation serves all slots). Pure; one thread.
#pragma once

#include <Eigen/Core>
#include <optional>

namespace sitepower::forecast {

struct KernelShape {
    double width = 2;     // of the Gaussian; the weighted distance of two unlike days is about sqrt(2)
    double gaussian = 5;  // its variance; the linear part has 1
    double noise = 0.1;   // variance that is not explained
};

// Weighted regressors of the past days (days x regressors, squared weights summing to 1), centred targets
// (days x slots), and the day to forecast. The deviation of each slot from the mean target; nullopt where the
// values are not finite.
std::optional<Eigen::VectorXd> kernel_ridge(const Eigen::MatrixXd& days, const Eigen::MatrixXd& targets,
                                            const Eigen::VectorXd& row, const KernelShape& shape);

}  // namespace sitepower::forecast
