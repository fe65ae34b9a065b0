// Ridge regression of a whole day on one row of regressors, with penalties that differ by target hour. One
// factorisation serves all hours: each hour differs from the plain penalty in a few regressors only, and the
// difference is solved by the matrix inversion lemma (Golub, Van Loan, Matrix Computations, 2.1.4). Windows
// shorter than the row are solved in the dual form. Pure; one thread.
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <optional>
#include <vector>

#include "core/forecast/day_ahead/features.hpp"
#include "core/forecast/day_ahead/moments.hpp"

namespace sitepower::forecast {

// The regressors whose penalty is a share below 1 of the plain one, for the slots of one hour.
struct HourPenalty {
    std::vector<Eigen::Index> slots;
    std::vector<Eigen::Index> eased;
    Eigen::VectorXd share;  // of the eased, 0 < share < 1
};

std::vector<HourPenalty> hour_penalties(const DayRegressors& regressors, std::size_t slots);

// Standardised regressors of one day; those beyond 4 deviations are brought back to 4: extrapolation that far
// made single forecasts useless.
Eigen::VectorXd standardised_row(const Standardised& window, const Eigen::VectorXd& row);

class RidgeFit {
  public:
    // Penalty: weight of the squared coefficients, > 0. nullopt: the moments are not finite.
    static std::optional<RidgeFit> solve(const Standardised& window, const std::vector<HourPenalty>& hours,
                                         double penalty);

    // Scaled target of each slot for standardised regressors.
    Eigen::VectorXd predict(const Standardised& window, const Eigen::VectorXd& standardised) const;
    // Of standardised regressors: regressors x slots.
    const Eigen::MatrixXd& coefficients() const { return coefficients_; }

  private:
    Eigen::MatrixXd coefficients_;
};

// The same regression for days x regressors (standardised) and days x slots (centred), by a days x days
// system. Gives slots x penalties: the deviation from the mean target at `row`.
std::optional<Eigen::MatrixXd> dual_ridge(const Eigen::MatrixXd& days, const Eigen::MatrixXd& targets,
                                          const Eigen::VectorXd& row, const std::vector<HourPenalty>& hours,
                                          const std::vector<double>& penalties);

}  // namespace sitepower::forecast
