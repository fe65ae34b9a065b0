// Direct regression for one short horizon: the change from now to then on what Regressors reads, by recursive
// least squares with forgetting, each row weighed by 1 / its own last residual (so that it comes close to
// least absolute deviations). Nothing is iterated: fitting a history is absorbing it.
#pragma once

#include <Eigen/Core>
#include <optional>
#include <vector>

#include "core/forecast/blob.hpp"
#include "core/forecast/short_regression/regressors.hpp"

namespace sitepower::forecast {

class ShortRegression {
  public:
    ShortRegression(const RegressorSet& set, std::size_t day, std::size_t horizon);

    // Values needed before the first row can be learnt.
    std::size_t reach() const { return regressors_.reach() + horizon_; }
    // The newest of `values` matures the row that ended a horizon ago. Does not allocate.
    void absorb(std::span<const double> values);
    // Solves for the coefficients; once a day is enough.
    void settle();
    // The value a horizon after the newest one; nullopt until enough rows were settled. Does not allocate.
    std::optional<double> predict(std::span<const double> values) const;

    void save(BlobWriter& writer) const;
    void load(BlobReader& reader);

  private:
    double respond(const Eigen::VectorXd& x) const;

    Regressors regressors_;
    std::size_t horizon_;
    double growth_;  // weight of a row relative to the one before
    double row_weight_ = 1;
    double rows_ = 0;  // learnt so far
    double mean_residual_ = 0;
    bool solved_ = false;
    Eigen::MatrixXd gram_;
    Eigen::VectorXd cross_;
    Eigen::VectorXd coefficients_;
    Eigen::VectorXd widest_;  // regressors are clamped to this at prediction
    mutable Eigen::VectorXd x_;
};

}  // namespace sitepower::forecast
