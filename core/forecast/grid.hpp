// A series on a regular grid in UTC, and the season that each step falls into by the local civil time of the
// place. Experts see equidistant values and slots; only this header knows about times. Values, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/time.hpp"

namespace sitepower::forecast {

struct Observation {
    Time time;
    double value = 0;
};

enum class SampleFlag : std::uint8_t {
    observed,
    imputed,  // filled in: out of Gram matrices, scores and anomaly tests
    outlier,  // observed, and clipped for the experts' states
    missing,
};

// Lengths of the seasons in steps of the grid.
struct Seasons {
    std::size_t day = 24;
    std::size_t week = 168;

    friend bool operator==(const Seasons&, const Seasons&) = default;
};

// The step must divide a day, as to_grid makes sure.
Seasons seasons_of(Duration step);

// How civil time at a place differs from UTC: from each moment on by so much. Made from the tz database by
// whoever may read it; empty: UTC.
struct OffsetChange {
    Time from;
    Duration offset{};
};

class CivilClock {
  public:
    CivilClock() = default;
    explicit CivilClock(std::vector<OffsetChange> changes);

    Duration offset_at(Time time) const;
    // Step of the local week, 0..week-1; Monday 00:00 is 0. On the 23 h day a slot is skipped, on the 25 h
    // day one comes twice.
    std::size_t week_slot(Time time, Duration step) const;

  private:
    std::vector<OffsetChange> changes_;  // by time
};

struct RegularSeries {
    Time start;
    Duration step{};
    std::vector<double> values;  // what is missing is a NaN here, and flagged
    std::vector<SampleFlag> flags;

    std::size_t size() const { return values.size(); }
    Time time_at(std::size_t index) const { return start + step * static_cast<std::int64_t>(index); }
};

enum class Aggregation : std::uint8_t { mean, sum };

// More cells than this are refused: a wrong time stamp must not eat the memory.
inline constexpr std::size_t longest_grid = 2'000'000;

// Cells [k * step, (k + 1) * step) in UTC; observations in any order, several in a cell are aggregated, those
// that are not finite or outside [valid_from, valid_to] are left out. Errors: a step that does not divide a
// day, no usable observation (insufficient_data), too long a grid.
Result<RegularSeries> to_grid(std::span<const Observation> observations, Duration step, Aggregation how,
                              double valid_from = -1e300, double valid_to = 1e300);

// `factor` steps become one: the mean of the finite ones, missing when fewer than half are. Starts at a
// multiple of the coarse step; an incomplete cell at the end is left out.
RegularSeries coarsen(const RegularSeries& fine, std::size_t factor, Aggregation how);

// Gaps of up to `longest` steps between two values become straight lines, flagged imputed; the others stay.
void interpolate_gaps(RegularSeries& series, std::size_t longest = 3);

}  // namespace sitepower::forecast
