// E4, direct ridge regression: every step of the horizon from the last week and day, all from one Gram matrix
// and one Cholesky factor. With a prior library it also shrinks toward the nearest of its matrices, and
// offers that one as it is.
#pragma once

#include <Eigen/Core>
#include <vector>

#include "core/forecast/direct_ridge/prior.hpp"
#include "core/forecast/direct_ridge/window.hpp"
#include "core/forecast/expert.hpp"

namespace sitepower::forecast {

class DirectRidge : public Expert {
  public:
    // Members: 0 local; with `priors`, 1 the prior as it is and 2 shrunk toward it. The priors must outlive
    // it.
    DirectRidge(const Seasons& seasons, std::size_t horizon, std::span<const Eigen::MatrixXd> priors);

    static constexpr std::size_t local = 0;
    static constexpr std::size_t prior_alone = 1;
    static constexpr std::size_t shrunk = 2;

    std::string_view name() const override { return "direct_ridge"; }
    std::size_t members() const override { return priors_.empty() ? 1 : 3; }
    std::size_t needs(const Seasons& seasons) const override {
        return seasons.week + seasons.day + shape_.horizon;
    }
    void fit(const History& history) override;
    void absorb(const History& history, std::size_t newest) override;
    void settle(const History& history) override;
    void forecast(const History& history, std::size_t member, std::span<double> values) const override;
    void save(BlobWriter& writer) const override;
    void load(BlobReader& reader) override;

    const WindowSums& sums() const { return sums_; }

  private:
    WindowShape shape_;
    std::span<const Eigen::MatrixXd> priors_;
    WindowReader reader_;
    WindowSums sums_;
    double scale_ = 0;
    std::size_t nearest_ = 0;
    Eigen::MatrixXd local_;  // lags x horizon
    Eigen::MatrixXd shrunk_;
    mutable Eigen::VectorXd lags_;
};

}  // namespace sitepower::forecast
