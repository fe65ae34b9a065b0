// Every forecast of the long horizon that was said, until its last hour has come and a late value can no
// longer change that: so that accuracy counts all of them, one hour ahead as well as two days. Compact:
// single precision, 83 kB in all. Owned by a ServedSeries; one thread.
#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <span>
#include <vector>

#include "core/base/time.hpp"
#include "core/forecast/blob.hpp"
#include "core/forecast/forecaster.hpp"

namespace sitepower::forecast {

class IssuedForecasts {
  public:
    static constexpr std::size_t horizon = 48;     // hours of one
    static constexpr std::size_t kept_hours = 24;  // that are over
    static constexpr std::size_t most = horizon + kept_hours;

    // Hourly means, hour after hour; at most `horizon` are kept. One that begins no later than the last one
    // takes its place: said again, by another model.
    void issue(Time issued_at, std::span<const ForecastStep> steps);
    // What was said of the hour that begins then, before `now`. What was said at that moment or later knew
    // it: published prices come many hours at once.
    std::vector<IssuedStep> said_of(Time hour, Time now) const;

    void save(BlobWriter& writer) const;
    void load(BlobReader& reader);

  private:
    using Said = std::array<float, 6>;  // point, p50, p90, p99, the 95 % interval
    struct Issue {
        Time issued_at;
        Time first;  // hour
        std::vector<Said> said;
    };
    std::deque<Issue> issues_;  // by their first hour
};

// The value as exactly as forecasts are kept: one that was met exactly lies in its interval of no width.
double as_kept(double value);

}  // namespace sitepower::forecast
