// Whether a forecaster has stopped fitting its series: a one-sided CUSUM of log(|error| / reference) (Page,
// Biometrika 41 (1954) 100-115; k 0.5, h 8), and the coverage of its 95 % interval over the last week. Owned
// by the engine, one for each series; does not allocate after construction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/forecast/blob.hpp"

namespace sitepower::forecast {

enum class Drift : std::uint8_t { none, errors_grew, coverage_off };

class DriftDetector {
  public:
    // `week` matured forecasts are a week.
    explicit DriftDetector(std::size_t week);

    // A forecast has matured. Says what it found once, then starts again.
    Drift see(double absolute_error, bool covered95);
    // After a new level: errors are judged anew, against those of the first day from now on. A refit is no
    // reason: one comes every night, and drift that it does not mend is to be told.
    void reset();
    // Share of the last week's actual values inside the interval; nullopt before a week.
    std::optional<double> coverage() const;

    void save(BlobWriter& writer) const;
    void load(BlobReader& reader);

  private:
    Drift judge(double absolute_error);

    double log_mean_ = 0;  // of the first day after a reset, from then on of about three days
    double log_square_ = 0;
    std::uint64_t seen_ = 0;
    double sum_ = 0;
    std::vector<std::uint8_t> covered_;  // a ring of a week
    std::uint64_t covered_count_ = 0;
    std::uint64_t matured_ = 0;
};

}  // namespace sitepower::forecast
