// What covariates (temperature, load and wind forecasts, ...) tell of a series beyond its own history: a
// regression of what the forecasts from that history were wrong by on how far the covariates of the hour are
// from those of the same hour on the days before, which is what such a forecast takes for granted. Works on
// hours, from points that are measured as well as from values that are told ahead. Owned by a ServedSeries;
// one thread. Time comes in with the values.
#pragma once

#include <Eigen/Core>
#include <array>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/time.hpp"
#include "core/forecast/blob.hpp"
#include "core/forecast/day_ahead/setup.hpp"
#include "core/forecast/residual_quantiles.hpp"

namespace sitepower::forecast {

// What covariates say of one hour at the time of a forecast.
struct CovariateEffect {
    double shift = 0;          // of the forecast, in the unit of the series
    bool known = false;        // shift was worked out
    bool substituted = false;  // one was not known for the hour: what it deviates by now is taken to fade
};

class Covariates {
  public:
    static constexpr std::size_t most = 8;

    explicit Covariates(std::vector<Covariate> declared);

    bool empty() const { return declared_.empty(); }
    const std::vector<Covariate>& declared() const { return declared_; }

    // Values of an hour are averaged; the newest word on an hour to come counts, until it is measured.
    void value(std::size_t which, Time time, double value, Time now);
    // The mean of an hour, as far as known.
    std::optional<double> at(std::size_t which, Time hour) const;

    // `given` goes before what is known, by index; NaN: nothing is given.
    CovariateEffect effect_at(Time hour, Time now, std::span<const double> given = {}) const;
    // An hour has passed that a forecast without covariates said `plain` of, and these `said` the other.
    void learn(Time hour, double plain, const CovariateEffect& said, double actual);
    // The forecast with them: moved, and its interval scaled to the errors that such forecasts really had.
    // Unchanged while they have not proved useful.
    IssuedStep with(const CovariateEffect& effect, const IssuedStep& plain) const;
    // Whether they change forecasts now: of hours that all are known of, or of others.
    bool used(bool substituted) const;

    void save(BlobWriter& writer) const;
    // What was saved of other covariates is left alone: these begin anew.
    void load(BlobReader& reader);

  private:
    struct Mean {
        double sum = 0;
        std::uint32_t count = 0;
        bool told_ahead = false;
    };
    // Running mean absolute errors without and with covariates, as forecasts were made.
    struct Proof {
        double plain = 0;
        double moved = 0;
        double count = 0;
        void add(double without, double with);
        bool useful() const;
        double ratio() const;
    };

    std::size_t terms() const;
    bool substitute(std::size_t which, Time hour, Time now, std::span<double> terms) const;
    void solve();

    std::vector<Covariate> declared_;
    std::vector<std::size_t> first_;           // term of each covariate
    std::vector<std::map<Time, Mean>> hours_;  // by covariate
    Eigen::MatrixXd gram_;                     // of deviations
    Eigen::VectorXd cross_;                    // with errors
    Eigen::VectorXd coefficients_;
    Eigen::VectorXd fading_product_, fading_square_;  // of a term with itself an hour before
    double rows_ = 0;
    double typical_error_ = 0;
    std::array<Proof, 2> proof_;  // all known; something substituted
};

}  // namespace sitepower::forecast
