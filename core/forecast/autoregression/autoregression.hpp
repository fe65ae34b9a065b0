// E3, recursive autoregression on the last hours and on the same hours of the days and the week before, by
// least absolute deviations (iteratively reweighted least squares), run step by step into the future.
#pragma once

#include <array>
#include <vector>

#include "core/forecast/expert.hpp"

namespace sitepower::forecast {

class Autoregression : public Expert {
  public:
    Autoregression(const Seasons& seasons, std::size_t horizon);

    std::string_view name() const override { return "autoregression"; }
    std::size_t needs(const Seasons& seasons) const override { return 2 * seasons.week; }
    void fit(const History& history) override { settle(history); }
    void absorb(const History&, std::size_t) override {}
    void settle(const History& history) override;
    void forecast(const History& history, std::size_t member, std::span<double> values) const override;
    void save(BlobWriter& writer) const override;
    void load(BlobReader& reader) override;

  private:
    static constexpr std::size_t lag_count = 14;
    using Coefficients = std::array<double, lag_count + 1>;  // the last one is the constant

    void scale_by(const History& history);
    double normal(double z) const { return (z - centre_) / scale_; }

    std::array<std::size_t, lag_count> lags_{};
    std::size_t horizon_;
    Coefficients coefficients_{};
    bool fitted_ = false;
    double centre_ = 0;
    double scale_ = 1;
    double lowest_ = 0;  // what a forecast is clipped to, normalised
    double highest_ = 0;
    mutable std::vector<double> path_;  // the last lags, then what is forecast
};

}  // namespace sitepower::forecast
