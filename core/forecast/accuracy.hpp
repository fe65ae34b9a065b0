// How good the forecasts of a series really were: matched pairs of forecast and actual, summed by day for
// each horizon class, so that a match is O(1) and a window a sum of days. Owned by whoever keeps forecasts;
// one thread.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>

#include "core/base/time.hpp"
#include "core/forecast/residual_quantiles.hpp"

namespace sitepower::forecast {

// Fewer actual values than this say nothing, however often each was forecast: figures are null.
inline constexpr std::uint64_t least_matches = 30;

struct AccuracyFigures {
    std::uint64_t n = 0;          // matched forecasts
    std::uint64_t n_actual = 0;   // values that they were of
    std::uint64_t n_percent = 0;  // with an actual that is not 0
    std::optional<double> mae, rmse, mape_pct, smape_pct, mase, r2, bias;
    std::optional<double> pinball50, pinball90, pinball99;
    std::optional<double> coverage95, coverage90, coverage99;  // shares, 0..1
    std::optional<double> mean_width, msis;
};

// Sums over pairs of the median that was told and what came; adding and taking away are exact up to rounding.
class AccuracySums {
  public:
    // All that was said of one value.
    void add(std::span<const IssuedStep> said, double actual, double sign = 1);
    void add(const IssuedStep& said, double actual) { add(std::span(&said, 1), actual); }
    void add(const AccuracySums& other);
    // `scale`: the seasonal naive error, frozen at the fit; nullopt: MASE and MSIS are null.
    AccuracyFigures figures(std::optional<double> scale) const;
    std::uint64_t n() const { return static_cast<std::uint64_t>(n_); }

    void save(BlobWriter& writer) const;
    void load(BlobReader& reader);

  private:
    void add_one(const IssuedStep& forecast, double actual, double sign);

    double n_ = 0, n_actual_ = 0, n_percent_ = 0;
    double error_ = 0, absolute_ = 0, square_ = 0, percent_ = 0, symmetric_ = 0;
    double shift_ = 0, actual_ = 0, actual_square_ = 0;  // about the first actual, against cancellation
    double pinball50_ = 0, pinball90_ = 0, pinball99_ = 0;
    double inside95_ = 0, below90_ = 0, below99_ = 0, width_ = 0, interval_ = 0;
};

enum class AccuracyWindow : std::uint8_t { hour, day, week, month };

// One horizon class of one series: thirty days of hours.
class Accuracy {
  public:
    static constexpr std::size_t kept_hours = std::size_t{30} * 24 + 1;

    // An actual has come for what was said of this time. Older than thirty days: too late, false.
    bool match(Time valid_at, std::span<const IssuedStep> said, double actual);
    bool match(Time valid_at, const IssuedStep& said, double actual) {
        return match(valid_at, std::span(&said, 1), actual);
    }
    // A corrected actual takes the place of one that was matched before.
    bool correct(Time valid_at, std::span<const IssuedStep> said, double before, double after);
    bool correct(Time valid_at, const IssuedStep& said, double before, double after) {
        return correct(valid_at, std::span(&said, 1), before, after);
    }
    // Of as many clock hours as the window has, the last ones that are over.
    AccuracyFigures over(AccuracyWindow window, Time now, std::optional<double> scale) const;

    void save(BlobWriter& writer) const;
    void load(BlobReader& reader);

  private:
    struct Hour {
        std::int64_t number = 0;  // hours since 1970
        AccuracySums sums;
    };
    AccuracySums* hour_of(Time valid_at);

    std::deque<Hour> hours_;  // by time
};

}  // namespace sitepower::forecast
