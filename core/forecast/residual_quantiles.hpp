// Calibrated quantiles about a point forecast of one horizon, from its own matured forecasts: locally scaled
// residuals, order statistics, and a level for each quantile that adapts to what is really covered (Gibbs and
// Candes 2021). Owned by whoever forecasts that horizon. Does not allocate after construction.
#pragma once

#include <limits>
#include <span>

#include "core/forecast/conformal.hpp"

namespace sitepower::forecast {

struct QuantileForecast {
    double p50 = 0;
    double p90 = 0;
    double p99 = 0;
    double lower95 = 0;
    double upper95 = 0;
    bool calibrated = false;      // the 95 % interval and p90 rest on enough matured forecasts
    bool p99_calibrated = false;  // p99 rests on order statistics
};

// A point forecast and the quantiles about it.
struct IssuedStep {
    double point = 0;
    QuantileForecast quantiles;
};
void put(BlobWriter& writer, const IssuedStep& step);
void get(BlobReader& reader, IssuedStep& step);

class ResidualQuantiles {
  public:
    struct Setup {
        std::size_t ring = 2016;  // residuals that are kept: one of each actual value
        std::size_t day = 288;    // forecasts that mature in a day, for the memory of the local scale
        bool non_negative = true;
        double fallback_scale = 1;  // a mean absolute error, until one is known
        // Of the local scale: of a quarter of a day to two days the shortest came nearest to the stated
        // coverage at 15 and 60 min, most of all where errors grow.
        double scale_memory_days = 0.25;
        double gamma = 0.02;       // of the levels of p90 and the interval
        double p99_gamma = 0.005;  // of rare misses: a larger step throws the level about
        // How far below 0 a level may go, in shares of misses (AdaptiveLevel, `least`).
        double most_unwound = std::numeric_limits<double>::infinity();
    };
    struct Said {
        double point = 0;
        const QuantileForecast* quantiles = nullptr;
    };
    explicit ResidualQuantiles(const Setup& setup);

    QuantileForecast about(double forecast) const;
    // A forecast has matured: what was said then, and what came.
    void mature(double forecast, const QuantileForecast& said, double actual);
    // Several forecasts of the same value, issued at different times: they miss together, and count as one.
    void mature(std::span<const Said> said, double actual);
    void set_fallback_scale(double scale) { setup_.fallback_scale = scale; }

    std::size_t matured() const { return signed_.size(); }
    // Steps in which the adaptive guarantee is nominal only.
    std::uint64_t beyond() const { return p90_.beyond() + p99_.beyond() + both_.beyond(); }
    // The conformal p-value of an error as large as this one.
    double p_value(double forecast, double actual) const;

    void save(BlobWriter& writer) const;
    void load(BlobReader& reader);

  private:
    double width(double forecast) const;
    void adapt(std::span<const Said> said, double actual);

    Setup setup_;
    ScoreRing signed_;
    ScoreRing sizes_;
    AdaptiveLevel p90_;
    AdaptiveLevel p99_;
    AdaptiveLevel both_;
    double error_ = 0;  // running mean absolute error
    double level_ = 0;  // running mean of the actual values
    double matured_ = 0;
    std::uint64_t turns_ = 0;  // values that came
};

}  // namespace sitepower::forecast
